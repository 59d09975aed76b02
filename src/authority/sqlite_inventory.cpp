// The inventory in a SQLite file.

#include "authority/database.hpp"
#include "authority/inventory.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <utility>

namespace mutual::authority {
namespace {

// "mutu": tells our files from other SQLite files.
constexpr std::int64_t application_id = 0x6D757475;

// Each step takes the schema one version further; steps that have been released are never changed.
constexpr std::array<const char*, 1> schema_steps{R"sql(
  CREATE TABLE schema_version (version INTEGER NOT NULL);
  INSERT INTO schema_version VALUES (0);
  CREATE TABLE certificates (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    profile TEXT NOT NULL,
    serial TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    issuer TEXT NOT NULL,
    sha256 TEXT NOT NULL UNIQUE,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    p12_has_password INTEGER NOT NULL,
    der BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('recorded', 'issued', 'lost'))
  ) STRICT;
  CREATE UNIQUE INDEX certificates_name ON certificates (name)
    WHERE state != 'lost' AND profile IN ('server', 'client', 'peer');
  CREATE INDEX certificates_end ON certificates (not_after);
  CREATE TABLE acts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    serial TEXT NOT NULL,
    name TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER certificates_stay BEFORE DELETE ON certificates
    BEGIN SELECT RAISE(ABORT, 'certificates are never deleted'); END;
  CREATE TRIGGER certificates_keep BEFORE UPDATE OF name, profile, serial, subject, issuer, sha256, not_before,
    not_after, recorded_at, p12_has_password, der ON certificates
    BEGIN SELECT RAISE(ABORT, 'a certificate''s record is never changed'); END;
  CREATE TRIGGER acts_stay BEFORE DELETE ON acts
    BEGIN SELECT RAISE(ABORT, 'acts are never deleted'); END;
  CREATE TRIGGER acts_keep BEFORE UPDATE ON acts
    BEGIN SELECT RAISE(ABORT, 'acts are never changed'); END;
)sql"};

constexpr const char* columns =
    "name, profile, serial, subject, issuer, sha256, not_before, not_after, recorded_at, p12_has_password, der, state";

std::int64_t seconds(sys_seconds time) { return time.time_since_epoch().count(); }
sys_seconds from_seconds(std::int64_t count) { return sys_seconds(std::chrono::seconds(count)); }

result<std::int64_t> number(database& db, const char* sql) {
  MUTUAL_TRY(auto query, db.prepare(sql));
  MUTUAL_TRY(const bool found, query.step());
  return found ? query.integer(0) : 0;
}

record read_record(const statement& row) {
  record one;
  one.name = row.text(0);
  one.purpose = x509::profile_from_string(row.text(1)).value_or(x509::profile::client);
  one.serial = row.text(2);
  one.subject = row.text(3);
  one.issuer = row.text(4);
  one.sha256 = row.text(5);
  one.not_before = from_seconds(row.integer(6));
  one.not_after = from_seconds(row.integer(7));
  one.recorded_at = from_seconds(row.integer(8));
  one.p12_has_password = row.integer(9) != 0;
  one.der = row.text(10);
  const auto state = row.text(11);
  one.state = state == "issued" ? record_state::issued : state == "lost" ? record_state::lost : record_state::recorded;
  return one;
}

result<> log_act(database& db, std::string_view what, std::string_view serial, std::string_view name) {
  MUTUAL_TRY(auto insert, db.prepare("INSERT INTO acts (at, what, serial, name) VALUES (?, ?, ?, ?)"));
  return insert.bind(1, seconds(now())).bind(2, what).bind(3, serial).bind(4, name).run();
}

class sqlite_inventory final : public inventory {
 public:
  explicit sqlite_inventory(database opened) : db_(std::move(opened)) {}

  result<> add(const record& one) override {
    MUTUAL_TRY(auto change, transaction::begin(db_));
    const auto sql = fmt::format("INSERT INTO certificates ({}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", columns);
    MUTUAL_TRY(auto insert, db_.prepare(sql.c_str()));
    insert.bind(1, one.name).bind(2, to_string(one.purpose)).bind(3, one.serial).bind(4, one.subject);
    insert.bind(5, one.issuer).bind(6, one.sha256).bind(7, seconds(one.not_before)).bind(8, seconds(one.not_after));
    insert.bind(9, seconds(one.recorded_at)).bind(10, std::int64_t{one.p12_has_password});
    MUTUAL_CHECK(insert.bind_bytes(11, one.der).bind(12, to_string(one.state)).run());
    MUTUAL_CHECK(log_act(db_, to_string(one.state), one.serial, one.name));
    return change.commit();
  }

  result<> set_state(std::string_view serial, record_state state) override {
    MUTUAL_TRY(auto change, transaction::begin(db_));
    MUTUAL_TRY(auto find_name, db_.prepare("SELECT name FROM certificates WHERE serial = ?"));
    MUTUAL_TRY(const bool found, find_name.bind(1, serial).step());
    if (!found) return error(errc::not_found, fmt::format("the inventory has no certificate {}", serial));
    MUTUAL_TRY(auto update, db_.prepare("UPDATE certificates SET state = ? WHERE serial = ?"));
    MUTUAL_CHECK(update.bind(1, to_string(state)).bind(2, serial).run());
    MUTUAL_CHECK(log_act(db_, to_string(state), serial, find_name.text(0)));
    return change.commit();
  }

  result<std::vector<record>> all() override { return read("ORDER BY not_after, id", {}); }

  result<std::vector<record>> unfinished() override { return read("WHERE state = 'recorded' ORDER BY id", {}); }

  result<std::optional<record>> find(std::string_view name) override {
    MUTUAL_TRY(auto found,
               read("WHERE name = ? AND state != 'lost' AND profile IN ('server', 'client', 'peer')", name));
    if (found.empty()) return std::optional<record>();
    return std::optional<record>(std::move(found.front()));
  }

  result<std::vector<act>> acts() override {
    MUTUAL_TRY(auto query, db_.prepare("SELECT at, what, serial, name FROM acts ORDER BY id"));
    std::vector<act> out;
    for (;;) {
      MUTUAL_TRY(const bool more, query.step());
      if (!more) return out;
      out.push_back({from_seconds(query.integer(0)), query.text(1), query.text(2), query.text(3)});
    }
  }

  // Brings an older file to this version's schema, or a new one to its first. An empty file that is not new was
  // emptied: taking it for new would lose every record in silence.
  result<> upgrade(const std::string& where, bool is_new) {
    constexpr auto newest = static_cast<std::int64_t>(schema_steps.size());
    MUTUAL_TRY(const auto seen, version(where));
    if (seen == newest) return {};
    if (seen == 0 && !is_new) {
      return error(errc::bad_input, where + " is empty, and nothing says what was issued: restore it from a backup");
    }
    MUTUAL_TRY(auto change, transaction::begin(db_));
    // Another process may have done it while this one waited for its turn.
    MUTUAL_TRY(const auto current, version(where));
    for (auto step = current; step < newest; ++step) {
      MUTUAL_CHECK(db_.run(schema_steps[static_cast<std::size_t>(step)]));
    }
    const auto note =
        fmt::format("UPDATE schema_version SET version = {}; PRAGMA application_id = {}", newest, application_id);
    MUTUAL_CHECK(db_.run(note.c_str()));
    return change.commit();
  }

 private:
  // The version of the file's schema; 0 for an empty file.
  result<std::int64_t> version(const std::string& where) {
    constexpr auto newest = static_cast<std::int64_t>(schema_steps.size());
    MUTUAL_TRY(const auto any, number(db_, "SELECT count(*) FROM sqlite_schema"));
    if (any == 0) return std::int64_t{0};
    MUTUAL_TRY(const auto tables, number(db_, "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'"));
    MUTUAL_TRY(const auto owner, number(db_, "PRAGMA application_id"));
    if (tables == 0 || owner != application_id) {
      return error(errc::bad_input, where + " is an SQLite file, but not an inventory: restore it from a backup");
    }
    MUTUAL_TRY(const auto found, number(db_, "SELECT version FROM schema_version"));
    if (found > newest) {
      return error(errc::bad_input, fmt::format("{} was written by a newer version of mutual (its schema is {}, this "
                                                "one knows up to {}): use that version",
                                                where, found, newest));
    }
    return found;
  }

  result<std::vector<record>> read(const char* which, std::string_view parameter) {
    const auto sql = fmt::format("SELECT {} FROM certificates {}", columns, which);
    MUTUAL_TRY(auto query, db_.prepare(sql.c_str()));
    if (!parameter.empty()) query.bind(1, parameter);
    std::vector<record> out;
    for (;;) {
      MUTUAL_TRY(const bool more, query.step());
      if (!more) return out;
      out.push_back(read_record(query));
    }
  }

  database db_;
};

result<std::unique_ptr<inventory>> open_file(const std::filesystem::path& file, bool is_new) {
  MUTUAL_TRY(auto db, database::open(file));
  auto opened = std::make_unique<sqlite_inventory>(std::move(db));
  MUTUAL_CHECK(opened->upgrade(text::printable(file.string(), 4096), is_new));
  return std::unique_ptr<inventory>(std::move(opened));
}

}  // namespace

std::string_view to_string(record_state state) {
  switch (state) {
    case record_state::recorded:
      return "recorded";
    case record_state::issued:
      return "issued";
    case record_state::lost:
      return "lost";
  }
  return "recorded";
}

record to_record(const x509::certificate& one, std::string_view name, x509::profile purpose, bool p12_has_password) {
  record out;
  out.name = name;
  out.purpose = purpose;
  out.serial = one.serial();
  out.subject = one.subject();
  out.issuer = one.issuer();
  out.sha256 = one.sha256();
  out.not_before = one.not_before();
  out.not_after = one.not_after();
  out.recorded_at = now();
  out.p12_has_password = p12_has_password;
  out.der = one.der();
  return out;
}

result<std::unique_ptr<inventory>> open_inventory(const std::filesystem::path& path) {
  const auto where = text::printable(path.string(), 4096);
  MUTUAL_TRY(const bool there, file::exists(path));
  if (!there) {
    return error(errc::not_found,
                 fmt::format("there is no inventory at {}: make a PKI with mutual init, or restore the file", where));
  }
  return open_file(path, false);
}

result<std::unique_ptr<inventory>> create_inventory(const std::filesystem::path& path) {
  // The empty file comes first, because SQLite would make one that others can read. Its journals take its mode.
  MUTUAL_CHECK(file::create(path, {}, file::access::owner_only));
  return open_file(path, true);
}

}  // namespace mutual::authority
