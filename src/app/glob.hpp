#pragma once
// Patterns with * and **, for policies.

#include <string_view>

namespace mutual {

/// Whether the whole of `text` matches. `*` stands for one or more characters other than `separator`, `**` for one or
/// more of any; everything else stands for itself. Takes time in proportion to the product of the lengths, whatever the
/// input. With separator '\0', `*` stands for any characters.
bool glob_matches(std::string_view pattern, std::string_view text, char separator);

}  // namespace mutual
