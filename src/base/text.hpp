#pragma once
// Small things done to text.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::text {

/// Whether two ASCII strings are equal without regard to case.
bool iequals(std::string_view left, std::string_view right);

std::string lower(std::string_view ascii);

/// The text without spaces and tabs at either end (HTTP's OWS).
std::string_view trim(std::string_view value);

/// The parts between separators, trimmed; empty parts are left out.
std::vector<std::string_view> split_list(std::string_view list, char separator = ',');

/// Bytes as lower-case hex digits.
std::string hex(std::string_view bytes);

/// The text safe for one line of a log or a terminal: control characters, quotes, backslashes and bytes that are not
/// UTF-8 are written as \xNN, and what is longer than `limit` bytes is cut with "…".
std::string printable(std::string_view untrusted, std::size_t limit = 256);

/// How many characters (code points) UTF-8 text has.
std::size_t count_characters(std::string_view utf8);

/// The text in single quotes for a message, made printable.
std::string quoted(std::string_view untrusted);

/// A percent-encoded string decoded; nothing if an escape is broken. `plus_is_space` for query strings.
std::optional<std::string> percent_decoded(std::string_view encoded, bool plus_is_space = false);

/// A decimal number without sign, spaces or overflow; nothing otherwise.
std::optional<unsigned long long> to_number(std::string_view digits);

}  // namespace mutual::text
