#include "base/percent.hpp"

#include "base/characters.hpp"

#include <fmt/format.h>

#include <iterator>

namespace mutual::text {

std::string percent_encoded(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    if (is_letter_or_digit(c) || std::string_view("-_.~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace mutual::text
