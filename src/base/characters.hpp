#pragma once
// What characters are, without a locale.

#include <cstddef>
#include <string_view>

namespace mutual::text {

/// Whether it is one of A to Z, a to z, 0 to 9.
constexpr bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// The length in bytes of the well-formed UTF-8 sequence at `at`, or 0 (RFC 3629 section 4: no overlong forms, no
/// surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text, std::size_t at);

/// Whether the well-formed sequence of that length at `at` is a control character, which terminals act on: U+0000 to
/// U+001F, U+007F to U+009F.
bool is_control(std::string_view text, std::size_t at, std::size_t length);

/// Whether the well-formed sequence of that length at `at` turns the direction in which text runs, so that it reads
/// otherwise than it is: U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069 (UAX #9).
bool turns_direction(std::string_view text, std::size_t at, std::size_t length);

}  // namespace mutual::text
