#include "authority/closed_store.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

namespace mutual::authority {
namespace {

// There is no act without a row in this table, and no change without an act.
constexpr const char* sqlite_guard =
    "CREATE TRIGGER acts_closed BEFORE INSERT ON acts BEGIN SELECT RAISE(ABORT, 'it was moved elsewhere'); END";
constexpr const char* postgresql_guard =
    "CREATE TRIGGER acts_closed BEFORE INSERT ON acts FOR EACH ROW EXECUTE FUNCTION refuse_change('it was moved "
    "elsewhere')";

}  // namespace

result<> close_store(database& db, const closing& why) {
  MUTUAL_CHECK(db.run("CREATE TABLE closed (kind TEXT NOT NULL, sentence TEXT NOT NULL)"));
  const auto kind = std::string_view(why.has_gone ? "gone" : "arriving");
  const auto noted =
      db.change("INSERT INTO closed (kind, sentence) VALUES ($1, $2)", {kind, std::string_view(why.sentence)});
  if (!noted) return noted.error();
  return db.run(db.speaks() == dialect::sqlite ? sqlite_guard : postgresql_guard);
}

result<> reopen_store(database& db) {
  MUTUAL_CHECK(
      db.run(db.speaks() == dialect::sqlite ? "DROP TRIGGER acts_closed" : "DROP TRIGGER acts_closed ON acts"));
  return db.run("DROP TABLE closed");
}

result<std::optional<closing>> closing_of(database& db) {
  const char* looks = db.speaks() == dialect::sqlite
                          ? "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'closed'"
                          : "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND "
                            "relname = 'closed'";
  std::optional<closing> out;
  MUTUAL_TRY(const auto there, number_from(db, looks, {}));
  if (there == 0) return out;
  MUTUAL_CHECK(db.each("SELECT kind, sentence FROM closed", {}, [&](const row& one) {
    out = closing{one.text(0) == "gone", one.text(1)};
  }));
  if (!out) return error(errc::bad_input, db.where() + " is damaged: it is closed, and does not say why");
  return out;
}

result<> check_open(database& db) {
  MUTUAL_TRY(const auto closed, closing_of(db));
  if (!closed) return {};
  return error(errc::io, fmt::format("{} {}", db.where(), text::printable(closed->sentence, 4096)));
}

}  // namespace mutual::authority
