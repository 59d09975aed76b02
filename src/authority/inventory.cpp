#include "authority/inventory.hpp"

#include "authority/closed_store.hpp"
#include "authority/footing.hpp"
#include "authority/free_text.hpp"
#include "authority/schema.hpp"
#include "base/file.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "x509/digest.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <limits>
#include <pwd.h>
#include <unistd.h>
#include <utility>

namespace mutual::authority {
namespace {

constexpr const char* columns =
    "name, profile, serial, subject, issuer, sha256, not_before, not_after, recorded_at, p12_has_password, der, state, "
    "is_current, has_key, replaces, place, revoked_at, revoked_reason";

std::int64_t seconds(sys_seconds time) { return time.time_since_epoch().count(); }
sys_seconds from_seconds(std::int64_t count) { return sys_seconds(std::chrono::seconds(count)); }

record read_record(const row& from) {
  record one;
  one.name = from.text(0);
  one.purpose = x509::profile_from_string(from.text(1)).value_or(x509::profile::client);
  one.serial = from.text(2);
  one.subject = from.text(3);
  one.issuer = from.text(4);
  one.sha256 = from.text(5);
  one.not_before = from_seconds(from.integer(6));
  one.not_after = from_seconds(from.integer(7));
  one.recorded_at = from_seconds(from.integer(8));
  one.p12_has_password = from.integer(9) != 0;
  one.der = from.text(10);
  const auto state = from.text(11);
  one.state = state == "issued" ? record_state::issued : state == "lost" ? record_state::lost : record_state::recorded;
  one.is_current = from.integer(12) != 0;
  one.has_key = from.integer(13) != 0;
  one.replaces = from.text(14);
  one.place = from.text(15);
  if (!from.is_null(16)) {
    one.revoked = revocation{from_seconds(from.integer(16)), static_cast<revocation_reason>(from.integer(17))};
  }
  return one;
}

// What a filter asks for by a value: $first and on in its condition. What it does not ask for is an empty text.
struct asked_values {
  explicit asked_values(const record_filter& which)
      : name(which.name),
        purpose(which.purpose ? to_string(*which.purpose) : std::string_view()),
        issuer(which.issuer) {}
  std::string_view name, purpose, issuer;
};

std::string condition_of(const record_filter& which, int first) {
  std::string out = which.is_revoked ? "revoked_at IS NOT NULL" : "1 = 1";
  if (which.ends_by) {
    out += fmt::format(" AND is_current = 1 AND revoked_at IS NULL AND state != 'lost' AND not_after <= {}",
                       seconds(*which.ends_by));
  }
  const asked_values asked(which);
  for (const auto& [column, value] :
       {std::pair("name", asked.name), std::pair("profile", asked.purpose), std::pair("issuer", asked.issuer)}) {
    // Each value must be named by the statement, also one that is not asked for.
    out += value.empty() ? fmt::format(" AND ${} = ''", first) : fmt::format(" AND {} = ${}", column, first);
    ++first;
  }
  return out;
}

result<std::unique_ptr<inventory>> ready(std::unique_ptr<database> db, bool is_new) {
  if (!is_new) MUTUAL_CHECK(check_open(*db));
  auto made = std::make_unique<inventory>(std::move(db), who_acts());
  MUTUAL_CHECK(made->make_ready(is_new));
  return made;
}

error no_certificate(std::string_view serial) {
  return {errc::not_found, fmt::format("the inventory has no certificate {}", text::printable(serial))};
}

}  // namespace

std::string who_acts() {
  std::array<char, 256> host{};
  (void)::gethostname(host.data(), host.size() - 1);
  const passwd* user = ::getpwuid(::geteuid());
  const auto name = user != nullptr ? std::string(user->pw_name) : std::to_string(::geteuid());
  return text::printable(fmt::format("{}@{}", name, host.data()));
}

result<> inventory::make_ready(bool is_new) {
  MUTUAL_CHECK(upgrade_schema(*db_, is_new));
  constexpr const char* named = "SELECT count(*) FROM identity WHERE EXISTS (SELECT 1 FROM incarnations)";
  MUTUAL_TRY(const auto before, number_from(*db_, named, {}));
  if (before != 0) return {};
  MUTUAL_TRY(auto change, begin());
  MUTUAL_TRY(const auto placed, number_from(*db_, "SELECT count(*) FROM incarnations", {}));
  if (placed == 0) MUTUAL_CHECK(note_footing(*db_));
  const auto name = random_hex(16);
  MUTUAL_TRY(const auto added,
             db_->change("INSERT INTO identity (id) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM identity)",
                         {std::string_view(name)}));
  (void)added;
  return change.commit();
}

// Each act's digest is over its own words and the digest of the one before it, so that two histories with the same last
// digest are the same from the first act on.
result<> inventory::log_act(std::string_view what, std::string_view serial, std::string_view name,
                            std::string_view why) {
  MUTUAL_CHECK(check_free_text(why, longest_log_text));
  if (!db_->in_transaction() || digest_in_change_ != db_->changes_begun()) {
    digest_.clear();
    MUTUAL_CHECK(db_->each("SELECT digest FROM acts ORDER BY id DESC LIMIT 1", {},
                           [&](const row& last) { digest_ = last.text(0); }));
  }
  digest_in_change_ = 0;
  const auto at = seconds(now());
  auto digest = x509::sha256_hex(fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", digest_, at, what, serial, name, who_, why));
  if (digest.empty()) return error(errc::internal, "no SHA-256 digest could be made of an act");
  MUTUAL_CHECK(
      db_->send("INSERT INTO acts (at, what, serial, name, who, why, digest) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                {at, what, serial, name, std::string_view(who_), why, std::string_view(digest)}));
  digest_ = std::move(digest);
  digest_in_change_ = db_->changes_begun();
  return {};
}

result<> inventory::add(const record& one, std::string_view why) {
  MUTUAL_TRY(auto change, begin());
  if (!one.replaces.empty()) {
    // Changes nothing if it was revoked.
    MUTUAL_CHECK(db_->send("UPDATE certificates SET is_current = 0 WHERE serial = $1 AND name = $2 AND is_current = 1",
                           {std::string_view(one.replaces), std::string_view(one.name)}));
  }
  const auto sql = fmt::format(
      "INSERT INTO certificates ({}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, $14, $15, "
      "NULL, "
      "NULL)",
      columns);
  using view = std::string_view;
  MUTUAL_CHECK(db_->send(
      sql.c_str(),
      {view(one.name), to_string(one.purpose), view(one.serial), view(one.subject), view(one.issuer), view(one.sha256),
       seconds(one.not_before), seconds(one.not_after), seconds(one.recorded_at), std::int64_t{one.p12_has_password},
       octets{one.der}, to_string(one.state), std::int64_t{one.has_key}, view(one.replaces), view(one.place)}));
  MUTUAL_CHECK(log_act(to_string(one.state), one.serial, one.name, why));
  return change.commit();
}

result<> inventory::set_state(std::string_view serial, record_state state, lasting how) {
  MUTUAL_TRY(auto change, begin(how));
  MUTUAL_TRY(const auto found, find_serial(serial));
  if (!found) return no_certificate(serial);
  MUTUAL_TRY(const auto updated,
             db_->change("UPDATE certificates SET state = $1 WHERE serial = $2", {to_string(state), serial}));
  if (state == record_state::lost && updated > 0) {
    MUTUAL_TRY(const auto freed, db_->change("UPDATE certificates SET is_current = 0 WHERE serial = $1", {serial}));
    (void)freed;
  }
  MUTUAL_CHECK(log_act(to_string(state), serial, found->name, {}));
  return change.commit();
}

result<> inventory::note_issued(const std::vector<given_out>& which) {
  MUTUAL_TRY(auto change, begin(lasting::later));
  const auto before = who_;
  result<> outcome;
  for (const auto& one : which) {
    const auto updated =
        db_->change("UPDATE certificates SET state = 'issued' WHERE serial = $1 AND state = 'recorded'",
                    {std::string_view(one.serial)});
    if (!updated) outcome = updated.error();
    who_ = one.who;
    if (outcome && *updated != 0) outcome = log_act(to_string(record_state::issued), one.serial, one.name, {});
    if (!outcome) break;
  }
  who_ = before;
  MUTUAL_CHECK(outcome);
  return change.commit();
}

// A thousand at a time: whoever reads slowly, as a person with a pager does, holds no statement open. Those that end in
// the same second, which may be all of them, are gone through by their id: each question is answered out of an index.
result<> inventory::each(const record_filter& which, const std::function<void(const record&)>& read) {
  const auto select = fmt::format("SELECT {}, id FROM certificates WHERE", columns);
  const auto ending_with =
      fmt::format("{} not_after = $1 AND id > $2 AND {} ORDER BY id LIMIT 1000", select, condition_of(which, 3));
  const auto ending_after =
      fmt::format("{} not_after > $1 AND {} ORDER BY not_after, id LIMIT 1000", select, condition_of(which, 2));
  const asked_values asked(which);
  constexpr int id = 18;
  std::int64_t last_end = std::numeric_limits<std::int64_t>::min();
  std::int64_t last_id = 0;
  for (std::vector<record> some;; some.clear()) {
    const auto take = [&](const row& one) {
      some.push_back(read_record(one));
      last_id = one.integer(id);
    };
    MUTUAL_CHECK(db_->each(ending_with, {last_end, last_id, asked.name, asked.purpose, asked.issuer}, take));
    if (some.empty()) {
      MUTUAL_CHECK(db_->each(ending_after, {last_end, asked.name, asked.purpose, asked.issuer}, take));
    }
    if (some.empty()) return {};
    last_end = seconds(some.back().not_after);
    for (const auto& one : some) read(one);
  }
}

result<std::size_t> inventory::longest_name(const record_filter& which) {
  const asked_values asked(which);
  const auto sql =
      fmt::format("SELECT coalesce(max(length(name)), 0) FROM certificates WHERE {}", condition_of(which, 1));
  MUTUAL_TRY(const auto most, number_from(*db_, sql, {asked.name, asked.purpose, asked.issuer}));
  return static_cast<std::size_t>(most);
}

result<> inventory::each_named(std::string_view name, const std::function<void(const record&)>& read) {
  return db_->each(fmt::format("SELECT {} FROM certificates WHERE name = $1 ORDER BY id", columns), {name},
                   [&](const row& one) { read(read_record(one)); });
}

result<std::vector<record>> inventory::read(const std::string& which, parameters values) {
  std::vector<record> out;
  MUTUAL_CHECK(db_->each(fmt::format("SELECT {} FROM certificates {}", columns, which), values,
                         [&](const row& one) { out.push_back(read_record(one)); }));
  return out;
}

result<std::optional<record>> inventory::read_one(const std::string& which, parameters values) {
  MUTUAL_TRY(auto found, read(which, values));
  if (found.empty()) return std::optional<record>();
  return std::optional<record>(std::move(found.front()));
}

result<std::vector<record>> inventory::all() { return read("ORDER BY not_after, id", {}); }

result<std::vector<record>> inventory::unfinished(std::string_view place) {
  return read("WHERE state = 'recorded' AND place = $1 ORDER BY id", {place});
}

result<std::vector<record>> inventory::unfinished_elsewhere(std::string_view place) {
  return read("WHERE state = 'recorded' AND place != $1 ORDER BY id", {place});
}

result<std::vector<std::string>> inventory::unfinished_serials(std::string_view place) {
  std::vector<std::string> out;
  MUTUAL_CHECK(db_->each("SELECT serial FROM certificates WHERE state = 'recorded' AND place = $1", {place},
                         [&](const row& one) { out.push_back(one.text(0)); }));
  return out;
}

result<std::optional<record>> inventory::find(std::string_view name) {
  return read_one("WHERE name = $1 AND is_current = 1 AND profile IN ('server', 'client', 'peer')", {name});
}

result<std::optional<record>> inventory::find_serial(std::string_view serial) {
  return read_one("WHERE serial = $1", {serial});
}

result<std::optional<record>> inventory::find_sha256(std::string_view sha256) {
  return read_one("WHERE sha256 = $1", {sha256});
}

result<std::vector<record>> inventory::of_profile(x509::profile purpose) {
  // The words of the index of those who are few.
  const bool is_of_many =
      purpose == x509::profile::server || purpose == x509::profile::client || purpose == x509::profile::peer;
  return read(fmt::format("WHERE profile = $1{} ORDER BY id DESC",
                          is_of_many ? "" : " AND profile NOT IN ('server', 'client', 'peer')"),
              {to_string(purpose)});
}

// The words of that index, too.
result<std::vector<record>> inventory::authorities() {
  return read(
      "WHERE profile NOT IN ('server', 'client', 'peer') AND profile IN ('root', 'intermediate') ORDER BY id DESC", {});
}

result<std::optional<record>> inventory::newest_ca(x509::profile purpose) {
  return read_one("WHERE name = $1 AND profile = $1 ORDER BY id DESC LIMIT 1", {to_string(purpose)});
}

result<dependants> inventory::depending_on(std::string_view issuer) {
  dependants out;
  MUTUAL_CHECK(db_->each(
      "SELECT count(*), coalesce(max(not_after), 0) FROM certificates WHERE issuer = $1 AND not_after > $2 AND state "
      "!= "
      "'lost' AND profile IN ('server', 'client', 'peer') AND (revoked_at IS NULL OR revoked_reason = $3)",
      {issuer, seconds(now()), static_cast<std::int64_t>(revocation_reason::certificate_hold)}, [&](const row& one) {
        out = {one.integer(0), from_seconds(one.integer(1))};
      }));
  return out;
}

result<std::vector<act>> inventory::acts() {
  std::vector<act> out;
  MUTUAL_CHECK(db_->each("SELECT at, what, serial, name, who, why FROM acts ORDER BY id", {}, [&](const row& one) {
    out.push_back({from_seconds(one.integer(0)), one.text(1), one.text(2), one.text(3), one.text(4), one.text(5)});
  }));
  return out;
}

result<> inventory::note(std::string_view what, std::string_view serial, std::string_view name, std::string_view why) {
  MUTUAL_TRY(auto change, begin());
  MUTUAL_CHECK(log_act(what, serial, name, why));
  return change.commit();
}

result<history> inventory::how_far() {
  history out;
  MUTUAL_CHECK(
      db_->each("SELECT identity.id, (SELECT name FROM incarnations ORDER BY id DESC LIMIT 1), last.id, last.digest "
                "FROM identity "
                "LEFT JOIN (SELECT id, digest FROM acts ORDER BY id DESC LIMIT 1) last ON 1 = 1",
                {}, [&](const row& one) {
                  out.inventory = one.text(0);
                  out.incarnation = one.text(1);
                  out.act = one.integer(2);
                  out.digest = one.text(3);
                }));
  return out;
}

result<history> inventory::how_far_for_good() {
  // These alone are left for later. Whatever is on the disk after them takes them along: so a change that changes
  // nothing is enough.
  std::string what;
  MUTUAL_CHECK(
      db_->each("SELECT what FROM acts ORDER BY id DESC LIMIT 1", {}, [&](const row& one) { what = one.text(0); }));
  if (what != to_string(record_state::issued) && what != to_string(record_state::lost)) return how_far();
  MUTUAL_TRY(auto change, begin());
  MUTUAL_CHECK(db_->run("UPDATE schema_version SET version = version"));
  MUTUAL_TRY(auto found, how_far());
  MUTUAL_CHECK(change.commit());
  return found;
}

result<std::string> inventory::digest_of(std::int64_t act) {
  std::string digest;
  MUTUAL_CHECK(
      db_->each("SELECT digest FROM acts WHERE id = $1", {act}, [&](const row& one) { digest = one.text(0); }));
  return digest;
}

namespace {

// Where the rest of a PKI is, mutual init makes no other.
error no_inventory(const std::filesystem::path& path, const std::string& where) {
  const auto is_pki = file::exists(path.parent_path() / "trust.crt");
  if (is_pki && !*is_pki) {
    return {errc::not_found,
            fmt::format("there is no inventory at {}, nor the rest of a PKI: name its folder with --pki, "
                        "or make one with mutual init",
                        where)};
  }
  return {
      errc::not_found,
      fmt::format("there is no inventory at {}, and the rest of the PKI is there: put the file back (an older one is "
                  "taken with mutual recover); if there is none at all, make another PKI of the same CA with mutual "
                  "import, its last lists (--crl) and another --pki",
                  where)};
}

}  // namespace

result<std::unique_ptr<inventory>> open_inventory(const std::filesystem::path& path) {
  const auto where = text::printable(path.string(), 4096);
  MUTUAL_TRY(const bool there, file::exists(path));
  if (!there) return no_inventory(path, where);
  MUTUAL_TRY(auto db, open_sqlite(path));
  return ready(std::move(db), false);
}

result<std::unique_ptr<inventory>> create_inventory(const std::filesystem::path& path) {
  // The empty file comes first, because SQLite would make one that others can read. Its journals take its mode.
  MUTUAL_CHECK(file::create(path, {}, file::access::owner_only));
  MUTUAL_TRY(auto db, open_sqlite(path));
  return ready(std::move(db), true);
}

result<std::unique_ptr<inventory>> open_inventory_at(const std::string& url) {
  MUTUAL_TRY(auto db, open_postgresql(url));
  return ready(std::move(db), false);
}

result<std::unique_ptr<inventory>> connect_inventory_at(const std::string& url) {
  MUTUAL_TRY(auto db, open_postgresql(url));
  return std::make_unique<inventory>(std::move(db), who_acts());
}

}  // namespace mutual::authority
