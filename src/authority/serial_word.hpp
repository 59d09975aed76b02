#pragma once
// serial_word: serial numbers as people write them, and names that would be taken for one.

#include "authority/inventory.hpp"

#include <mutual/result.hpp>

#include <string>
#include <string_view>

namespace mutual::authority {

/// A serial number as people copy it ("0A:1B:2C", "0x0a1b2c"), as inventories have it: lower-case hex, no zeros before
/// it. Empty for what is none.
std::string as_serial(std::string_view what);

/// Whether it could be a serial number that is given out here (40 hexadecimal digits).
bool is_like_ours(std::string_view what);

/// An error (bad_usage) if a name could be a serial number that is given out here (40 hexadecimal digits): whoever
/// revokes that serial number would be asked which of both is meant, while its owner is let in.
result<> check_is_no_serial(std::string_view name);

/// The same if it is the serial number of something that the inventory knows, as those of imported CAs may be short.
result<> check_is_no_serial(std::string_view name, inventory& in);

}  // namespace mutual::authority
