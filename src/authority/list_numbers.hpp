#pragma once
// list_numbers: the numbers of revocation lists, which only ever grow.

#include "authority/inventory.hpp"

#include <mutual/result.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace mutual::authority {

/// The number of that issuer's list in a file; 0 if there is none, or it is another's.
result<std::uint64_t> list_number_in(const std::filesystem::path& file, const std::string& issuer);

/// An error if the file has a newer list of the issuer's than the inventory knows of: an older number would be refused
/// by whoever has seen the newer one, and a list that forgets would let somebody in. A file that is no list is none.
result<> check_list_grows(const std::filesystem::path& file, const std::string& issuer, inventory& in);

}  // namespace mutual::authority
