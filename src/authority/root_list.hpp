#pragma once
// root_list: a root's revocation list that is there, and how good it is. It may have been made where the root's key is.

#include "authority/inventory.hpp"
#include "authority/layout.hpp"
#include "authority/root_key.hpp"
#include "x509/crl.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mutual::authority {

/// How good a root's list is that is there. What is less than `due` has to be made anew.
enum class standing {
  unusable,    ///< It is not there, not the root's, or past its date.
  early,       ///< It begins later: of a clock that was ahead. Servers that have had another go on with that.
  behind,      ///< It counts less than the one that servers have, or the same and says something else: they refuse it.
  lacking,     ///< It lacks a revocation of a CA.
  unreleased,  ///< It has a hold of a CA that was taken back.
  due,         ///< It is in the last third of its time.
  fresh,
};

/// A root's list.
struct root_list {
  standing how = standing::unusable;
  std::optional<x509::crl> list;
  std::string beyond{};  ///< If it is behind, or early and behind, what its number has to be above, in hexadecimal.
  std::optional<x509::crl> served{};  ///< The list that servers have so far, whatever its dates.
  std::string unread{};               ///< Why that could not be read.
};

/// Looks at the one that is in that root's file.
result<root_list> look_at_list(const root_place& root, const layout& places, inventory& in);

/// Makes sure that the next list of that root made here counts more than the one that servers have, whatever is in the
/// root's file. To be called before each is signed.
result<> leave_out_served_numbers(const root_place& root, const layout& places, inventory& in);

/// A sentence about a list that is there and less than `due`, and that only the root's key could mend here.
std::string what_is_wrong(const root_list& found, const std::filesystem::path& file);

/// Whether a list has begun and is not past its date.
bool counts_now(const x509::crl& list);

/// The lists in a file. One may have been made elsewhere, and say what nobody here knows: a damaged one is not passed
/// over.
result<std::vector<x509::crl>> lists_in(const std::filesystem::path& path);

/// Whether that very list was made or taken over here: what it says is known, and what was released since.
result<bool> is_known(const x509::crl& list, inventory& in);

}  // namespace mutual::authority
