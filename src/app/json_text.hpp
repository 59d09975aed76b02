#pragma once
// JSON written as text (RFC 8259).

#include <string>
#include <string_view>

namespace mutual::json_text {

/// Appends a string in quotes; bytes that are not UTF-8 become U+FFFD, so the output is always JSON, and control
/// characters are escaped, so that no terminal acts on them.
void append_string(std::string& out, std::string_view text);

/// Appends a number so that it reads back the same; null for what JSON has no number for (infinity, NaN).
void append_number(std::string& out, double number);

}  // namespace mutual::json_text
