#pragma once
// Percent-encoding (RFC 3986 section 2.1).

#include <string>
#include <string_view>

namespace mutual::text {

/// The bytes with all but letters, digits, "-", "_", "." and "~" escaped: one segment of a path, whatever is in it.
std::string percent_encoded(std::string_view bytes);

}  // namespace mutual::text
