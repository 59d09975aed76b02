// Patterns of names: the pattern in the first line, what is asked in the rest. Held to: it says what the definition
// says, read off one character at a time.

#include "app/glob.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

// As glob.hpp has it. It goes back and tries again, so only little is asked of it.
bool by_definition(std::string_view pattern, std::string_view text, char separator) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*') {
    return !text.empty() && text.front() == pattern.front() &&
           by_definition(pattern.substr(1), text.substr(1), separator);
  }
  const bool crosses = pattern.starts_with("**");
  pattern.remove_prefix(crosses ? 2 : 1);
  for (std::size_t taken = 1; taken <= text.size(); ++taken) {
    if (!crosses && separator != '\0' && text[taken - 1] == separator) return false;
    if (by_definition(pattern, text.substr(taken), separator)) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto end = std::min(input.find('\n'), input.size());
  const auto pattern = input.substr(0, end), text = input.substr(std::min(end + 1, input.size()));
  const bool is_little = text.size() <= 16 && std::count(pattern.begin(), pattern.end(), '*') <= 6;
  for (const char separator : {'/', '.', '\0'}) {
    const bool matches = mutual::glob_matches(pattern, text, separator);
    if (is_little && matches != by_definition(pattern, text, separator)) std::abort();
  }
  return 0;
}
