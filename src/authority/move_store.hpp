#pragma once
// move_store: an inventory goes from SQLite to PostgreSQL, or the other way. At every moment one store is in charge,
// and the database of each other refuses every act:
//
//   1. the other store gets a copy, closed, in one transaction            nothing has changed yet
//   2. the folder notes where to                                         `store.next`
//   3. the old store is closed                                           from here on it has moved
//   4. the copy is opened, the folder names it, and the note goes        finish_move()
//
// A process that is killed before 3 leaves the old store in charge; after it, the next command does 4.

#include "authority/copy_store.hpp"
#include "authority/layout.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <string>

namespace mutual::authority {

/// What was moved, and from where to where, in words.
struct moved_store {
  copied held;
  std::string from, to;
};

/// What stands for the SQLite file in the PKI's folder where a store is named.
inline constexpr const char* sqlite_store = "sqlite";

/// Moves the inventory of the PKI in that folder to `to`: the URL of a PostgreSQL database, or sqlite_store. A database
/// that holds anything but what an earlier move has left of the same inventory is refused (already_exists). Nobody can
/// change anything meanwhile.
result<moved_store> move_store(const std::filesystem::path& folder, const std::string& to, const std::string& why);

/// Finishes or takes back a move that was interrupted. Only while the folder is locked.
result<> finish_move(const layout& places);

/// Whether there is one.
result<bool> is_move_interrupted(const layout& places);

}  // namespace mutual::authority
