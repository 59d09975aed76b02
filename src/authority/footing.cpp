#include "authority/footing.hpp"

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <optional>

namespace mutual::authority {
namespace {

// Everybody may, unless it was taken away. PostgreSQL looks at the right to call a function before it calls any other,
// so that is a question of its own.
constexpr const char* may_see_server =
    "SELECT (coalesce(has_function_privilege(to_regprocedure('pg_catalog.pg_control_system()'), 'EXECUTE') AND "
    "has_function_privilege(to_regprocedure('pg_catalog.pg_control_checkpoint()'), 'EXECUTE') AND "
    "has_function_privilege(to_regprocedure('pg_catalog.pg_control_recovery()'), 'EXECUTE'), false))::int";

// Until its first checkpoint a server that was promoted tells its new timeline as the end of its recovery alone. A
// standby may be behind with it, and changes nothing: what it tells is not compared.
constexpr const char* of_server =
    "(SELECT system_identifier::text FROM pg_control_system()), CASE WHEN pg_is_in_recovery() THEN 0 ELSE "
    "greatest((SELECT timeline_id FROM pg_control_checkpoint()), (SELECT min_recovery_end_timeline FROM "
    "pg_control_recovery())) END";

std::string problem_with(const footing& is, const footing& was) {
  if (!was.server.empty() && is.server != was.server) {
    return fmt::format("it is on another PostgreSQL server than it was, of the system identifier {} and not {}",
                       text::printable(is.server), text::printable(was.server));
  }
  if (is.database != was.database)
    return "it is in another database than it was, as one that was copied or restored is";
  if (is.table != was.table) return "its tables were made anew since, as those of a dump that was restored are";
  if (was.timeline != 0 && is.timeline != 0 && is.timeline != was.timeline) {
    return fmt::format(
        "its PostgreSQL was restored to a point in time, or a standby took its place: its timeline is {}, "
        "and was {}",
        is.timeline, was.timeline);
  }
  return {};
}

// Where it is, and where it was noted last, under which name.
struct both {
  footing is;
  std::optional<footing> was;
  std::string name{};
};

// By a role that could not see it, which speaks for no other: each that can looks at it again.
bool lacks_server(const both& seen) {
  const auto& [is, was, name] = seen;
  return was && was->server.empty() && !is.server.empty() && is.timeline != 0 && problem_with(is, *was).empty();
}

// Asked at each turn, so in as few questions as can be.
result<both> look_at(database& db) {
  both out;
  MUTUAL_TRY(const auto may_see, number_from(db, may_see_server, {}));
  const auto sql = fmt::format(
      "SELECT (SELECT oid FROM pg_database WHERE datname = current_database()), 'acts'::regclass::oid, {}, "
      "noted.server, "
      "noted.timeline, noted.database_oid, noted.table_oid, noted.name FROM (SELECT 1) AS here LEFT JOIN (SELECT * "
      "FROM "
      "incarnations "
      "ORDER BY id DESC LIMIT 1) AS noted ON true",
      may_see != 0 ? of_server : "'', 0");
  MUTUAL_CHECK(db.each(sql, {}, [&](const row& one) {
    out.is = {one.text(2), one.integer(3), one.integer(0), one.integer(1)};
    if (one.is_null(4)) return;
    out.was = footing{one.text(4), one.integer(5), one.integer(6), one.integer(7)};
    out.name = one.text(8);
  }));
  return out;
}

}  // namespace

result<footing> footing_of(database& db) {
  if (db.speaks() == dialect::sqlite) return footing();
  MUTUAL_TRY(const auto seen, look_at(db));
  return seen.is;
}

namespace {

result<> note(database& db, const footing& is, const std::string& name) {
  const auto noted = db.change(
      "INSERT INTO incarnations (name, at, server, timeline, database_oid, table_oid) VALUES ($1, $2, $3, $4, "
      "$5, $6)",
      {std::string_view(name), std::int64_t{now().time_since_epoch().count()}, std::string_view(is.server), is.timeline,
       is.database, is.table});
  if (!noted) return noted.error();
  return {};
}

}  // namespace

result<> note_footing(database& db) {
  MUTUAL_TRY(const auto is, footing_of(db));
  return note(db, is, random_hex(16));
}

result<bool> note_server(database& db) {
  if (db.speaks() == dialect::sqlite) return false;
  MUTUAL_TRY(const auto seen, look_at(db));
  if (!lacks_server(seen)) return false;
  MUTUAL_CHECK(note(db, seen.is, seen.name));
  return true;
}

result<bool> is_server_unseen(database& db) {
  if (db.speaks() == dialect::sqlite) return false;
  MUTUAL_TRY(const auto is, footing_of(db));
  return is.server.empty();
}

result<bool> check_footing(database& db) {
  if (db.speaks() == dialect::sqlite) return false;
  MUTUAL_TRY(const auto seen, look_at(db));
  const auto& [is, was, name] = seen;
  if (!was) return error(errc::bad_input, fmt::format("{} is damaged: it does not say where it was", db.where()));
  if (is == *was) return false;
  if (is.server.empty() && !was->server.empty()) {
    return error(
        errc::bad_input,
        fmt::format("{} does not let this role see which server it is, so an older one put back would not be "
                    "noticed: let its owner say {} (mutual recover goes on without, until a role comes that may see "
                    "it)",
                    db.where(), grant_to_see_server));
  }
  const auto problem = problem_with(is, *was);
  if (problem.empty()) return lacks_server(seen);
  return error(errc::bad_input,
               fmt::format("{} may be older than it was: {}; it may have forgotten certificates and revocations, so "
                           "nothing is done with it; see that it is the newest there is, and then take it with mutual "
                           "recover",
                           db.where(), problem));
}

result<bool> knows_incarnation(database& db, const std::string& name) {
  MUTUAL_TRY(const auto found,
             number_from(db, "SELECT count(*) FROM incarnations WHERE name = $1", {std::string_view(name)}));
  return found != 0;
}

}  // namespace mutual::authority
