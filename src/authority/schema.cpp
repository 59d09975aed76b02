#include "authority/schema.hpp"

#include "authority/compromised_keys.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

namespace mutual::authority {
namespace {

// "mutu": tells our files from other SQLite files.
constexpr std::int64_t application_id = 0x6D757475;

// What may never happen to a table, whoever holds the connection.
struct guard {
  std::string_view name, table;
  std::string_view what;       // DELETE, UPDATE, UPDATE OF columns; or INSERT, for SQLite alone
  std::string_view condition;  // in terms of OLD and NEW; empty for always
  std::string_view message;
};

// Each step takes the schema one version further; steps that have been released are never changed. {id}, {int}, {blob},
// {strict} and {on_certificates} are the databases' own words.
struct step {
  const char* tables;
  std::array<guard, 8> guards;
  result<> (*fill)(database&) = nullptr;  // What no SQL can do.
};

constexpr std::array<step, 10> steps{{
    {R"sql(
  CREATE TABLE schema_version (version {int} NOT NULL);
  INSERT INTO schema_version VALUES (0);
  CREATE TABLE certificates (
    id {id},
    name TEXT NOT NULL,
    profile TEXT NOT NULL,
    serial TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    issuer TEXT NOT NULL,
    sha256 TEXT NOT NULL UNIQUE,
    not_before {int} NOT NULL,
    not_after {int} NOT NULL,
    recorded_at {int} NOT NULL,
    p12_has_password {int} NOT NULL,
    der {blob} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('recorded', 'issued', 'lost'))
  ){strict};
  CREATE UNIQUE INDEX certificates_name ON certificates (name)
    WHERE state != 'lost' AND profile IN ('server', 'client', 'peer');
  CREATE INDEX certificates_end ON certificates (not_after);
  CREATE TABLE acts (
    id {id},
    at {int} NOT NULL,
    what TEXT NOT NULL,
    serial TEXT NOT NULL,
    name TEXT NOT NULL
  ){strict};
)sql",
     {{{"certificates_stay", "certificates", "DELETE", "", "certificates are never deleted"},
       {"certificates_keep", "certificates",
        "UPDATE OF name, profile, serial, subject, issuer, sha256, not_before, not_after, recorded_at, "
        "p12_has_password, der",
        "", "a record of a certificate is never changed"},
       {"acts_stay", "acts", "DELETE", "", "acts are never deleted"},
       {"acts_keep", "acts", "UPDATE", "", "acts are never changed"}}}},
    // Names that may be issued anew, revocations, revocation lists, and a history that can be compared with what a
    // folder remembers.
    {R"sql(
  DROP INDEX certificates_name;
  ALTER TABLE certificates ADD COLUMN is_current {int} NOT NULL DEFAULT 1;
  ALTER TABLE certificates ADD COLUMN has_key {int} NOT NULL DEFAULT 1;
  ALTER TABLE certificates ADD COLUMN replaces TEXT NOT NULL DEFAULT '';
  ALTER TABLE certificates ADD COLUMN place TEXT NOT NULL DEFAULT '';
  ALTER TABLE certificates ADD COLUMN revoked_at {int};
  ALTER TABLE certificates ADD COLUMN revoked_reason {int};
  UPDATE certificates SET is_current = 0 WHERE state = 'lost';
  CREATE UNIQUE INDEX certificates_name ON certificates (name)
    WHERE is_current = 1 AND profile IN ('server', 'client', 'peer');
  CREATE INDEX certificates_called ON certificates (name);
  CREATE INDEX certificates_revoked ON certificates (issuer, not_after) WHERE revoked_at IS NOT NULL;
  CREATE INDEX certificates_unfinished ON certificates (place) WHERE state = 'recorded';
  ALTER TABLE acts ADD COLUMN who TEXT NOT NULL DEFAULT '';
  ALTER TABLE acts ADD COLUMN why TEXT NOT NULL DEFAULT '';
  ALTER TABLE acts ADD COLUMN digest TEXT NOT NULL DEFAULT '';
  CREATE TABLE revocations (
    id {id},
    serial TEXT NOT NULL,
    at {int} NOT NULL,
    reason {int} NOT NULL
  ){strict};
  CREATE INDEX revocations_serial ON revocations (serial);
  CREATE TABLE revocation_lists (
    issuer TEXT NOT NULL,
    number {int} NOT NULL,
    base {int} NOT NULL,
    this_update {int} NOT NULL,
    next_update {int} NOT NULL,
    covers {int} NOT NULL,
    PRIMARY KEY (issuer, number)
  ){strict};
  CREATE TABLE identity (id TEXT NOT NULL){strict};
)sql",
     {{{"revocations_stay", "revocations", "DELETE", "", "revocations are never deleted"},
       {"revocations_keep", "revocations", "UPDATE", "", "revocations are never changed"},
       // Reason 6 is certificateHold, the only one that can be taken back (RFC 5280 section 5.3.1).
       {"certificates_stay_revoked", "certificates", "UPDATE OF revoked_at, revoked_reason",
        "OLD.revoked_at IS NOT NULL AND OLD.revoked_reason != 6", "a revocation is never taken back"},
       {"certificates_stay_past", "certificates", "UPDATE OF is_current", "OLD.is_current = 0 AND NEW.is_current != 0",
        "what was replaced stays replaced"},
       {"revocation_lists_stay", "revocation_lists", "DELETE", "", "revocation lists are never forgotten"},
       {"revocation_lists_keep", "revocation_lists", "UPDATE", "", "revocation lists are never changed"},
       {"identity_stays", "identity", "DELETE", "", "an inventory has one identity"},
       {"identity_keeps", "identity", "UPDATE", "", "an inventory has one identity"}}}},
    // Tokens, of which only a digest is known, and what each was used for.
    {R"sql(
  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    name TEXT NOT NULL,
    profile TEXT NOT NULL,
    names TEXT NOT NULL,
    made_at {int} NOT NULL,
    ends_at {int} NOT NULL,
    used_at {int},
    serial TEXT NOT NULL DEFAULT ''
  ){strict};
)sql",
     {{{"tokens_stay", "tokens", "DELETE", "", "tokens are never deleted"},
       {"tokens_keep", "tokens", "UPDATE OF id, digest, name, profile, names, made_at, ends_at", "",
        "a token is never changed"},
       {"tokens_once", "tokens", "UPDATE OF used_at, serial", "OLD.used_at IS NOT NULL", "a token is used once"}}}},
    // The CAs and responders, who are few among the many that they have issued to, and are looked for at each change.
    {R"sql(
  CREATE INDEX certificates_few ON certificates (profile) WHERE profile NOT IN ('server', 'client', 'peer');
)sql",
     {}},
    // Where the inventory was meant to be, each time that somebody said so: see footing.hpp.
    {R"sql(
  CREATE TABLE incarnations (
    id {id},
    name TEXT NOT NULL,
    at {int} NOT NULL,
    server TEXT NOT NULL,
    timeline {int} NOT NULL,
    database_oid {int} NOT NULL,
    table_oid {int} NOT NULL
  ){strict};
)sql",
     {{{"incarnations_stay", "incarnations", "DELETE", "", "it is never forgotten where an inventory was"},
       {"incarnations_keep", "incarnations", "UPDATE", "", "where an inventory was is never changed"}}}},
    // Keys that were compromised, by a digest; and that it comes out later that one was.
    {R"sql(
  CREATE TABLE compromised_keys (
    digest TEXT PRIMARY KEY,
    serial TEXT NOT NULL,
    at {int} NOT NULL
  ){strict};
  DROP TRIGGER certificates_stay_revoked{on_certificates};
)sql",
     {{{"compromised_keys_stay", "compromised_keys", "DELETE", "", "what was compromised stays so"},
       {"compromised_keys_keep", "compromised_keys", "UPDATE", "", "what was compromised stays so"},
       // Reasons 1 and 2 are keyCompromise and cACompromise: they may take the place of others, and the date stays.
       {"certificates_stay_revoked", "certificates", "UPDATE OF revoked_at, revoked_reason",
        "OLD.revoked_at IS NOT NULL AND coalesce(OLD.revoked_reason, 0) != 6 AND NOT (NEW.revoked_at IS NOT NULL AND "
        "NEW.revoked_at = OLD.revoked_at AND coalesce(OLD.revoked_reason, 0) NOT IN (1, 2) AND "
        "coalesce(NEW.revoked_reason, 0) IN (1, 2))",
        "a revocation is never taken back"}}},
     note_all_compromised},
    // A digest of a key that is the same for related keys (x509/key_digest.hpp). Those of before stay, and are
    // nobody's.
    {"", {}, note_all_compromised},
    // INSERT OR REPLACE and UPDATE OR REPLACE, which SQLite alone has, take away what is in the way, and ask no guard
    // of deletions.
    {"",
     {{{"certificates_unreplaced", "certificates", "INSERT",
        "EXISTS (SELECT 1 FROM certificates WHERE id = NEW.id OR serial = NEW.serial OR sha256 = NEW.sha256) OR "
        "(NEW.is_current = 1 AND NEW.profile IN ('server', 'client', 'peer') AND EXISTS (SELECT 1 FROM certificates "
        "WHERE name = NEW.name AND is_current = 1 AND profile IN ('server', 'client', 'peer')))",
        "a certificate of that serial number or name is there"},
       {"certificates_unmoved", "certificates", "UPDATE OF id", "", "a record of a certificate is never changed"},
       {"acts_unreplaced", "acts", "INSERT", "EXISTS (SELECT 1 FROM acts WHERE id = NEW.id)", "acts are never changed"},
       {"revocations_unreplaced", "revocations", "INSERT", "EXISTS (SELECT 1 FROM revocations WHERE id = NEW.id)",
        "revocations are never changed"},
       {"revocation_lists_unreplaced", "revocation_lists", "INSERT",
        "EXISTS (SELECT 1 FROM revocation_lists WHERE issuer = NEW.issuer AND number = NEW.number)",
        "revocation lists are never changed"},
       {"tokens_unreplaced", "tokens", "INSERT", "EXISTS (SELECT 1 FROM tokens WHERE id = NEW.id)",
        "a token is never changed"},
       {"incarnations_unreplaced", "incarnations", "INSERT", "EXISTS (SELECT 1 FROM incarnations WHERE id = NEW.id)",
        "where an inventory was is never changed"},
       {"compromised_keys_unreplaced", "compromised_keys", "INSERT",
        "EXISTS (SELECT 1 FROM compromised_keys WHERE digest = NEW.digest)", "what was compromised stays so"}}}},
    // Of all acts those that say that a CA was finished with, which are few and asked for with each list.
    {R"sql(
  CREATE INDEX acts_retired ON acts (serial) WHERE what = 'retired';
)sql",
     {}},
    // Requests that have renewed a certificate after its end, each once: see late_renewals.hpp.
    {R"sql(
  CREATE TABLE late_renewals (
    request TEXT PRIMARY KEY,
    renewed TEXT NOT NULL,
    proved_until {int} NOT NULL,
    at {int} NOT NULL
  ){strict};
  CREATE INDEX late_renewals_renewed ON late_renewals (renewed);
)sql",
     {{{"late_renewals_stay", "late_renewals", "DELETE", "", "what was used stays so"},
       {"late_renewals_keep", "late_renewals", "UPDATE", "", "what was used stays so"},
       {"late_renewals_unreplaced", "late_renewals", "INSERT",
        "EXISTS (SELECT 1 FROM late_renewals WHERE request = NEW.request)", "what was used stays so"}}}},
}};

std::string replaced(std::string text, std::string_view word, std::string_view by) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size())) {
    text.replace(at, word.size(), by);
  }
  return text;
}

std::string in_dialect(const char* tables, dialect of) {
  const bool sqlite = of == dialect::sqlite;
  std::string text = tables;
  text = replaced(text, "{id}",
                  sqlite ? "INTEGER PRIMARY KEY AUTOINCREMENT" : "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY");
  text = replaced(text, "{int}", sqlite ? "INTEGER" : "BIGINT");
  text = replaced(text, "{blob}", sqlite ? "BLOB" : "BYTEA");
  text = replaced(text, "{on_certificates}", sqlite ? "" : " ON certificates");
  return replaced(text, "{strict}", sqlite ? " STRICT" : "");
}

std::string to_trigger(const guard& one, dialect of) {
  const auto when = one.condition.empty() ? std::string() : fmt::format(" WHEN ({})", one.condition);
  if (of == dialect::sqlite) {
    return fmt::format("CREATE TRIGGER {} BEFORE {} ON {}{} BEGIN SELECT RAISE(ABORT, '{}'); END;", one.name, one.what,
                       one.table, when, one.message);
  }
  auto text = fmt::format("CREATE TRIGGER {} BEFORE {} ON {} FOR EACH ROW{} EXECUTE FUNCTION refuse_change('{}');",
                          one.name, one.what, one.table, when, one.message);
  if (one.what == "DELETE") {
    text += fmt::format("CREATE TRIGGER {}_whole BEFORE TRUNCATE ON {} EXECUTE FUNCTION refuse_change('{}');", one.name,
                        one.table, one.message);
  }
  return text;
}

constexpr const char* refuse_change = R"sql(
  CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation'; END $$;
)sql";

result<bool> is_there(database& db, const char* sqlite, const char* postgresql) {
  MUTUAL_TRY(const auto found, number_from(db, db.speaks() == dialect::sqlite ? sqlite : postgresql, {}));
  return found != 0;
}

result<> take(const step& one, database& db) {
  // PostgreSQL knows no statement that is none.
  if (const auto tables = in_dialect(one.tables, db.speaks()); !tables.empty()) MUTUAL_CHECK(db.run(tables));
  for (const auto& each : one.guards) {
    const bool is_meant = each.what != "INSERT" || db.speaks() == dialect::sqlite;
    if (!each.name.empty() && is_meant) MUTUAL_CHECK(db.run(to_trigger(each, db.speaks())));
  }
  if (one.fill != nullptr) return one.fill(db);
  return {};
}

}  // namespace

std::int64_t newest_schema() { return static_cast<std::int64_t>(steps.size()); }

result<std::int64_t> schema_version(database& db) {
  MUTUAL_TRY(const bool anything,
             is_there(db, "SELECT count(*) FROM sqlite_schema WHERE name != 'sqlite_sequence'",
                      "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND "
                      "relname IN ('schema_version', 'certificates', 'acts')"));
  if (!anything) return std::int64_t{0};
  MUTUAL_TRY(bool ours,
             is_there(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'",
                      "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND "
                      "relname IN ('schema_version', 'certificates', 'acts') HAVING count(*) = 3"));
  if (ours && db.speaks() == dialect::sqlite) {
    MUTUAL_TRY(const auto owner, number_from(db, "PRAGMA application_id", {}));
    ours = owner == application_id;
  }
  if (!ours) {
    return error(errc::bad_input,
                 fmt::format("{} is {}, but not an inventory: restore it from a backup", db.where(),
                             db.speaks() == dialect::sqlite ? "an SQLite file" : "there and holds tables"));
  }
  MUTUAL_TRY(const auto found, number_from(db, "SELECT version FROM schema_version", {}));
  if (found > newest_schema()) {
    return error(errc::bad_input, fmt::format("{} was written by a newer version of mutual (its schema is {}, this one "
                                              "knows up to {}): use that version",
                                              db.where(), found, newest_schema()));
  }
  return found;
}

result<> upgrade_schema(database& db, bool is_new) {
  MUTUAL_TRY(const auto seen, schema_version(db));
  if (is_new && seen > 0) {
    return error(
        errc::already_exists,
        fmt::format("{} holds an inventory already, and it is left as it is: name another database (or another "
                    "schema, with ?options=-csearch_path%3DNAME)",
                    db.where()));
  }
  if (seen == newest_schema()) return {};
  // An empty file that is not new was emptied: taking it for new would lose every record in silence.
  if (seen == 0 && !is_new) {
    return error(errc::bad_input, db.where() + " is empty, and nothing says what was issued: restore it from a backup");
  }
  MUTUAL_TRY(auto change, transaction::begin(db));
  // Another process may have done it while this one waited for its turn.
  MUTUAL_TRY(const auto current, schema_version(db));
  if (current == 0 && db.speaks() == dialect::postgresql) MUTUAL_CHECK(db.run(refuse_change));
  for (auto at = current; at < newest_schema(); ++at) MUTUAL_CHECK(take(steps[static_cast<std::size_t>(at)], db));
  MUTUAL_CHECK(db.run(fmt::format("UPDATE schema_version SET version = {}", newest_schema())));
  if (db.speaks() == dialect::sqlite) MUTUAL_CHECK(db.run(fmt::format("PRAGMA application_id = {}", application_id)));
  return change.commit();
}

result<> remove_schema(database& db) {
  for (const char* table : {"schema_version", "certificates", "acts", "revocations", "revocation_lists", "identity",
                            "tokens", "incarnations", "compromised_keys", "late_renewals"}) {
    MUTUAL_CHECK(db.run(fmt::format("DROP TABLE IF EXISTS {}", table)));
  }
  if (db.speaks() == dialect::sqlite) return {};
  return db.run("DROP FUNCTION refuse_change");
}

}  // namespace mutual::authority
