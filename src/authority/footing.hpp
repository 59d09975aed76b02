#pragma once
// footing: which tables an inventory is in, of which database, on which server and in which of its histories. A
// restore, a copy and a failover change it; a restart does not.

#include "authority/database.hpp"

#include <mutual/result.hpp>

#include <cstdint>
#include <string>

namespace mutual::authority {

/// Where an inventory is. Nothing of it is known of an SQLite file, which is the folder's own.
struct footing {
  std::string server;  ///< What PostgreSQL calls its system identifier; empty if this role may not see it.
  std::int64_t timeline =
      0;  ///< Another after each recovery to a point in time, and each failover; 0 if it is not told.
  std::int64_t database = 0;  ///< The number of the database, and
  std::int64_t table = 0;     ///< of the table of acts: others in a dump that was restored.

  bool operator==(const footing&) const = default;
};

/// Where it is now.
result<footing> footing_of(database& db);

/// Notes in the inventory that it is there, and that this is meant: under a new random name, which later footings and
/// the marks of folders go by. Part of the transaction that has begun.
result<> note_footing(database& db);

/// An error (bad_input) if the inventory is elsewhere than it was noted last: then it may be an older one. True if it
/// is where it was, and its server, which nobody could see when that was noted, can be seen now: see note_server().
/// Nothing is written.
result<bool> check_footing(database& db);

/// Notes which server it is on, if that can be seen now and was not noted, and all else is as it was noted; under the
/// same name, for it has not moved. Whether it did. Part of the transaction that has begun.
result<bool> note_server(database& db);

/// Whether nobody notices that the inventory is on another PostgreSQL server, for this role may not see which it is.
result<bool> is_server_unseen(database& db);

/// What lets a role see it.
inline constexpr const char* grant_to_see_server =
    "GRANT EXECUTE ON FUNCTION pg_control_system(), pg_control_checkpoint(), pg_control_recovery() TO that role";

/// Whether that name was ever given to a footing of this inventory.
result<bool> knows_incarnation(database& db, const std::string& name);

}  // namespace mutual::authority
