#pragma once
// store: where a PKI keeps its inventory, and what its folder remembers of it.

#include "authority/inventory.hpp"
#include "authority/layout.hpp"
#include "authority/store_url.hpp"

#include <mutual/result.hpp>

#include <map>
#include <memory>
#include <string>

namespace mutual::authority {

/// The URL of a PKI's inventory: the one that is `given`, else the one in the folder's file `store`, else none, which
/// stands for inventory.db in the folder.
result<std::string> store_url(const layout& places, const std::string& given);

/// Opens the inventory of a PKI that is there.
result<std::unique_ptr<inventory>> open_store(const layout& places, const std::string& url);

/// What a folder remembers of its inventory, beside the keys and outside the database, so that an older state of the
/// database is noticed.
struct mark {
  history seen;                                       ///< The last act that this folder has seen.
  std::map<std::string, std::uint64_t> list_numbers;  ///< By issuer, the number of the last revocation list made here.
};

/// The folder's mark; nothing if it has none. A damaged one is an error.
result<std::optional<mark>> read_mark(const layout& places);

/// Writes the folder's mark. Only while the folder is locked, as the next.
result<> write_mark(const layout& places, const mark& now);

/// Takes the mark to an act that came after the one it has, with one sync of the disk: in place, in the one of its two
/// lines that is older, so that a machine that loses its power has one of them.
result<> advance_mark(const layout& places, const history& seen);

/// What others, or the folder itself, have to do about an inventory that may be used.
struct to_catch_up {
  bool is_taken_since = false;     ///< Somebody has taken it where it is since the folder looked last: see catch_up().
  bool is_server_to_note = false;  ///< See note_server().
};

/// An error (bad_input) if the inventory is another than the folder's, or does not know what the folder has seen done:
/// then it is an older one, put back from a backup; or if it is elsewhere than it was noted, and may be an older one
/// (see footing.hpp), or if the folder's mark is damaged or missing, but for an inventory of the first version, which
/// wrote none; an error (io) if it was moved away. What a turn has to do about it is put into `found`. Nothing is
/// written.
result<> check_not_older(const layout& places, inventory& in, to_catch_up* found = nullptr);

}  // namespace mutual::authority
