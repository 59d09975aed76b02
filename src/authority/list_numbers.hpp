#pragma once
// list_numbers: the numbers of revocation lists, which only ever grow.

#include "authority/inventory.hpp"
#include "x509/certificate.hpp"

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

/// How many numbers are left out where lists may have gone out that nobody here knows of.
inline constexpr std::uint64_t more_lists_than_were_made = 100'000;

/// Leaves so many numbers of the issuer's lists out, so that each list to come has a number that none of those has.
/// That they grow is all that is asked of them (RFC 5280 section 5.2.3).
result<> leave_list_numbers_out(const std::string& issuer, inventory& in);

/// The same before the first list that is made here of a CA that was made elsewhere, if none of its lists is known:
/// servers may have some, and take none with a smaller number. Not earlier: whoever has its key goes on counting his.
result<> leave_room_for_lists_before(const x509::certificate& ca, inventory& in);

}  // namespace mutual::authority
