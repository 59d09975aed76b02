#include "app/json_text.hpp"

#include "base/characters.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

namespace mutual::json_text {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

void append_control(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += digits[byte >> 4U];
  out += digits[byte & 15U];
}

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return append_control(out, c);
  out += c;
}

}  // namespace

void append_string(std::string& out, std::string_view value) {
  out += '"';
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t length = text::utf8_length(value, at);
    if (length == 1) {
      append_ascii(out, value[at]);
    } else if (length == 2 && text::is_control(value, at, length)) {
      append_control(out, value[at + 1]);  // U+0080 to U+009F have the number of their second byte
    } else {
      out += length == 0 ? replacement : value.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
  out += '"';
}

void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end.ptr);
}

}  // namespace mutual::json_text
