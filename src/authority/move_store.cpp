#include "authority/move_store.hpp"

#include "authority/closed_store.hpp"
#include "authority/footing.hpp"
#include "authority/move_note.hpp"
#include "authority/pki.hpp"
#include "authority/schema.hpp"
#include "authority/store.hpp"
#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <unistd.h>

namespace mutual::authority {
namespace {

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

std::filesystem::path note_of(const layout& places) { return places.folder() / "store.next"; }

// A URL is empty for the SQLite file.
std::string in_words(const layout& places, const std::string& url) {
  return url.empty() ? fmt::format("the SQLite file {}", shown(places.inventory())) : url;
}

// As it is, whether or not anybody may use it.
result<std::unique_ptr<database>> connect(const layout& places, const std::string& url) {
  return url.empty() ? open_sqlite(places.inventory()) : open_postgresql(url);
}

result<> take_away(const std::filesystem::path& file) {
  if (::unlink(file.c_str()) != 0 && errno != ENOENT) {
    return error(errc::io, fmt::format("cannot remove {}: {}", shown(file), file::advice(errno)));
  }
  file::sync(file.parent_path());
  return {};
}

// A large inventory takes its time, and the other side has nothing to say meanwhile.
result<> be_patient(database& with) {
  if (with.speaks() == dialect::sqlite) return {};
  return with.run("SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0");
}

result<std::string> identity_of(database& db) {
  std::string id;
  MUTUAL_CHECK(db.each("SELECT id FROM identity", {}, [&](const row& one) { id = one.text(0); }));
  return id;
}

// Makes room for a copy: the tables, new and empty. What an earlier move has left there of the same inventory is closed
// and older; anything else is somebody's.
result<> make_room(database& in, const std::string& identity) {
  MUTUAL_TRY(const auto there, schema_version(in));
  if (there > 0) {
    MUTUAL_TRY(const auto closed, closing_of(in));
    if (!closed) {
      return error(errc::already_exists,
                   fmt::format("{} holds an inventory that is in use, and it is left as it is: name another database",
                               in.where()));
    }
    MUTUAL_TRY(const auto whose, identity_of(in));
    if (whose != identity) {
      return error(errc::already_exists,
                   fmt::format("{} holds what was another PKI's inventory, and it is left as it is: name another "
                               "database",
                               in.where()));
    }
    MUTUAL_CHECK(reopen_store(in));
    MUTUAL_CHECK(remove_schema(in));
  }
  return upgrade_schema(in, true);
}

// Files of certificates that another machine has signed and not written yet: it would look for them here.
result<> check_finished(inventory& in) {
  std::string name;
  MUTUAL_CHECK(in.on().each("SELECT name FROM certificates WHERE state = 'recorded' LIMIT 1", {},
                            [&](const row& one) { name = one.text(0); }));
  if (name.empty()) return {};
  return error(errc::io, fmt::format("the certificate {} is not finished, on another machine: say any mutual command "
                                     "there first, and this again (if that machine is lost: mutual recover "
                                     "--lost-machines)",
                                     text::quoted(name)));
}

result<move_note> read_note(const layout& places) {
  MUTUAL_TRY(const auto written, file::read(note_of(places), 16384));
  return move_note_from_text(written, shown(note_of(places)));
}

// The copy is whole and the old store is closed: the copy is opened, and the folder names it.
result<> take_up(const layout& places, const std::string& to) {
  MUTUAL_TRY(const auto db, connect(places, to));
  MUTUAL_TRY(auto change, transaction::begin(*db));
  MUTUAL_TRY(const auto closed, closing_of(*db));
  if (closed && !closed->has_gone) MUTUAL_CHECK(reopen_store(*db));
  MUTUAL_CHECK(change.commit());
  if (to.empty()) return take_away(places.store());
  return file::replace(places.store(), to + "\n", file::access::owner_only);
}

// The copy, closed, in the place where it will be used.
result<copied> put_copy(database& from, database& to, const std::string& identity) {
  MUTUAL_TRY(auto there, transaction::begin(to));
  MUTUAL_CHECK(be_patient(to));
  MUTUAL_CHECK(make_room(to, identity));
  MUTUAL_TRY(const auto held, copy_store(from, to));
  MUTUAL_CHECK(note_footing(to));
  MUTUAL_CHECK(close_store(to, {false,
                                "holds a copy of an inventory whose move was not finished: say any mutual command in "
                                "the folder from which it was moved"}));
  MUTUAL_CHECK(there.commit());
  return held;
}

// Gone again if nothing comes of it; but from the moment on in which the folder may name it, only if it is known that
// it does not: there may be nothing else by then.
class new_sqlite_file {
 public:
  new_sqlite_file() = default;
  new_sqlite_file(const new_sqlite_file&) = delete;
  new_sqlite_file& operator=(const new_sqlite_file&) = delete;
  // One that is there stays.
  result<> make(const std::filesystem::path& path) {
    MUTUAL_TRY(const bool there, file::exists(path));
    if (there) return {};
    MUTUAL_CHECK(file::create(path, {}, file::access::owner_only));
    path_ = path;
    return {};
  }
  ~new_sqlite_file() {
    if (path_.empty() || may_be_named_) return;
    for (const char* ending : {"", "-wal", "-shm"}) (void)::unlink((path_.string() + ending).c_str());
  }
  void may_be_named(bool may) { may_be_named_ = may; }

 private:
  std::filesystem::path path_;
  bool may_be_named_ = false;
};

}  // namespace

result<bool> is_move_interrupted(const layout& places) { return file::exists(note_of(places)); }

result<> finish_move(const layout& places) {
  MUTUAL_TRY(const bool there, is_move_interrupted(places));
  if (!there) return {};
  MUTUAL_TRY(const auto noted, read_note(places));
  MUTUAL_TRY(const auto old, connect(places, noted.from));
  // In a transaction, so that the one of a process that was killed has ended before, this way or that.
  MUTUAL_TRY(auto looking, transaction::begin(*old));
  MUTUAL_TRY(const auto closed, closing_of(*old));
  MUTUAL_CHECK(looking.commit());
  if (closed && closed->has_gone) MUTUAL_CHECK(take_up(places, noted.to));
  return take_away(note_of(places));
}

namespace {

// Steps 1 to 3. The last of them may have happened also if it is an error.
result<copied> copy_and_close(const layout& places, inventory& from, database& to, const move_note& noted,
                              const std::string& why) {
  const auto target = in_words(places, noted.to);
  MUTUAL_TRY(const auto history, from.how_far());
  MUTUAL_TRY(auto here, from.begin());
  MUTUAL_CHECK(be_patient(from.on()));
  MUTUAL_CHECK(check_finished(from));
  MUTUAL_CHECK(from.note("moved", {}, {}, fmt::format("to {}{}{}", target, why.empty() ? "" : ": ", why)));
  MUTUAL_TRY(const auto held, put_copy(from.on(), to, history.inventory));
  MUTUAL_CHECK(file::replace(note_of(places), move_note_to_text(noted), file::access::owner_only));
  MUTUAL_CHECK(close_store(from.on(), {true, fmt::format("is no longer in use since {}: the inventory was moved to {} "
                                                         "with mutual store move; other machines name that in the file "
                                                         "store of their PKI's folder",
                                                         to_text(now()), target)}));
  MUTUAL_CHECK(here.commit());
  return held;
}

}  // namespace

result<moved_store> move_store(const std::filesystem::path& folder, const std::string& to, const std::string& why) {
  const layout places(folder);
  move_note noted;
  if (to != sqlite_store) {
    MUTUAL_TRY(noted.to, checked_store_url(to));
  }
  MUTUAL_TRY(auto of, pki::open(folder));
  MUTUAL_TRY(const auto turn, of.take_turn());
  MUTUAL_TRY(noted.from, store_url(places, {}));
  if (noted.from == noted.to) {
    return error(errc::bad_usage, fmt::format("the inventory is at {} already", in_words(places, noted.to)));
  }
  new_sqlite_file made;
  if (noted.to.empty()) MUTUAL_CHECK(made.make(places.inventory()));
  MUTUAL_TRY(const auto next, connect(places, noted.to));
  made.may_be_named(true);
  const auto done = copy_and_close(places, of.records(), *next, noted, why);
  // Whatever became of the answer: what has happened is looked up.
  const auto noted_down = is_move_interrupted(places);
  if (!noted_down) {
    return noted_down.error().in(
        "nobody can tell whether the inventory was moved, and both stores are kept; mend "
        "this, and say any mutual command");
  }
  made.may_be_named(*noted_down || done);
  MUTUAL_CHECK(finish_move(places));
  if (!done) return done.error();
  MUTUAL_TRY(auto moved, pki::open(folder));
  MUTUAL_CHECK(moved.remember());
  return moved_store{*done, of.records().on().where(), moved.records().on().where()};
}

}  // namespace mutual::authority
