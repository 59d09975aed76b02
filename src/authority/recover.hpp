#pragma once
// recover: going on with an inventory that is older than the folder has seen.

#include "authority/inventory.hpp"
#include "authority/layout.hpp"

#include <mutual/result.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mutual::authority {

/// What was put back into an inventory from a backup, and what nobody can put back.
struct recovery {
  bool was_older = false;
  std::int64_t last_act = 0;              ///< Of the inventory as it was found.
  std::int64_t seen_act = 0;              ///< The last one that the folder has seen; 0 if its mark was damaged.
  std::vector<std::string> certificates;  ///< Names of certificates whose files were here and whose records were not.
  std::vector<std::string> revoked;       ///< Serials that are on the folder's revocation lists, and were not revoked.
  std::vector<std::string> unknown;  ///< Serials on those lists of which there is no certificate: they stay revoked.
  bool is_server_unseen = false;     ///< From now on nobody notices another PostgreSQL server: see footing.hpp.
  std::vector<std::string> ended;    ///< Names of certificates that a machine had begun that is lost.
};

/// Takes the inventory that is there for the newest one, whatever the folder has seen. What the folder still knows is
/// put back first: certificates whose files are here, and the revocations on its revocation lists, whose numbers are
/// not used again. Nobody who is on a list of the folder is let in by this, and no token is good any more.
///
/// So it is with one that is elsewhere than it was (see footing.hpp): from then on it is meant to be there, and whoever
/// lacks nothing in it goes on.
///
/// With `lost_machines` no other folder will finish what it has begun: since such a certificate may have left, it
/// counts as issued from now on, stands for its name and can be revoked.
///
/// With `is_restored` the folder itself is known to be an older one, which neither it nor its inventory can tell: what
/// is newer in it (a server's copy of its lists) is put back, and the numbers of lists that nobody here remembers are
/// left out.
result<recovery> recover(const std::filesystem::path& folder, const std::string& store, bool lost_machines = false,
                         bool is_restored = false);

/// Notes, for all who use the inventory, on which server it is: see note_server(). Only in one's turn.
result<> note_server_for_all(inventory& in);

/// For a folder that lacks nothing in an inventory that somebody else has taken as it is: what its revocation lists say
/// that it has not made itself is put back, and the folder remembers that the inventory was taken. Only in one's turn.
result<> catch_up(const layout& places, inventory& in);

}  // namespace mutual::authority
