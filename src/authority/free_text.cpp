#include "authority/free_text.hpp"

#include "base/characters.hpp"

#include <fmt/format.h>

namespace mutual::authority {
namespace {

error refused(std::string_view why) {
  return {errc::bad_usage, fmt::format("a text for the log is one line in UTF-8, and this one {}", why)};
}

}  // namespace

result<> check_free_text(std::string_view text, std::size_t most) {
  if (text.size() > most) return refused(fmt::format("has {} bytes, more than {}", text.size(), most));
  for (std::size_t at = 0; at < text.size();) {
    const auto length = text::utf8_length(text, at);
    if (length == 0) return refused(fmt::format("is not UTF-8 at its byte {}", at + 1));
    if (text::is_control(text, at, length)) {
      return refused(
          fmt::format("holds a control character (a line feed, a tab, an escape or the like) at its byte {}", at + 1));
    }
    if (text::turns_direction(text, at, length)) {
      return refused(fmt::format("holds a character that turns the direction of text at its byte {}", at + 1));
    }
    at += length;
  }
  return {};
}

}  // namespace mutual::authority
