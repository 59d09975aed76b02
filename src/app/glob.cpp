#include "app/glob.hpp"

#include <cstddef>
#include <vector>

namespace mutual {
namespace {

struct token {
  enum class kind { literal, within, across } what;
  char character;
};

std::vector<token> tokens_of(std::string_view pattern) {
  std::vector<token> out;
  out.reserve(pattern.size());
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '*') {
      out.push_back({token::kind::literal, pattern[i]});
    } else if (i + 1 < pattern.size() && pattern[i + 1] == '*') {
      out.push_back({token::kind::across, '*'});
      ++i;
    } else {
      out.push_back({token::kind::within, '*'});
    }
  }
  return out;
}

bool takes(const token& t, char c, char separator) {
  if (t.what == token::kind::literal) return t.character == c;
  return t.what == token::kind::across || separator == '\0' || c != separator;
}

}  // namespace

// All the places in the pattern where a match of the text so far can stand are kept at once, so no input makes it go
// back and try again.
bool glob_matches(std::string_view pattern, std::string_view text, char separator) {
  const auto tokens = tokens_of(pattern);
  // reached[i]: the first i tokens match the text so far. A star that has taken a character may take more.
  std::vector<char> reached(tokens.size() + 1, 0), next(tokens.size() + 1, 0);
  reached[0] = 1;
  for (const char c : text) {
    next[0] = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const bool star = tokens[i].what != token::kind::literal;
      next[i + 1] = takes(tokens[i], c, separator) && (reached[i] != 0 || (star && reached[i + 1] != 0)) ? 1 : 0;
    }
    reached.swap(next);
  }
  return reached[tokens.size()] != 0;
}

}  // namespace mutual
