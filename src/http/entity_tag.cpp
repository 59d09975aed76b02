#include "http/entity_tag.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace mutual::http {
namespace {

constexpr std::size_t most_tags = 256;

// etagc (RFC 9110 section 8.8.3): no space, no quote, no control; a comma may be in it.
bool is_tag_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7F);
}

// Takes one tag off the front of the text.
std::optional<entity_tag> take_tag(std::string_view& text) {
  entity_tag out;
  out.weak = text.starts_with("W/");  // the W is case-sensitive
  if (out.weak) text.remove_prefix(2);
  if (!text.starts_with('"')) return std::nullopt;
  text.remove_prefix(1);
  const auto end = std::find_if_not(text.begin(), text.end(), is_tag_char);
  if (end == text.end() || *end != '"') return std::nullopt;
  out.opaque = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(out.opaque.size() + 1);
  return out;
}

std::string_view without_spaces(std::string_view text) {
  const auto first = std::min(text.find_first_not_of(" \t"), text.size());
  return text.substr(first);
}

// A list may have empty elements (RFC 9110 section 5.6.1.2).
bool take_list(std::string_view text, std::vector<entity_tag>& out) {
  bool separated = true;
  for (text = without_spaces(text); !text.empty(); text = without_spaces(text)) {
    if (text.front() == ',') {
      separated = true;
      text.remove_prefix(1);
      continue;
    }
    const auto tag = separated && out.size() < most_tags ? take_tag(text) : std::nullopt;
    if (!tag) return false;
    out.push_back(*tag);
    separated = false;
  }
  return true;
}

}  // namespace

std::optional<entity_tag> read_entity_tag(std::string_view text) {
  const auto tag = take_tag(text);
  return text.empty() ? tag : std::nullopt;
}

std::optional<entity_tag_list> read_entity_tags(const std::vector<std::string_view>& values) {
  entity_tag_list out;
  if (values.size() == 1 && text::trim(values.front()) == "*") {
    out.any = true;
    return out;
  }
  for (const auto value : values) {
    if (!take_list(value, out.tags)) return std::nullopt;
  }
  if (out.tags.empty()) return std::nullopt;
  return out;
}

bool match_strongly(const entity_tag& left, const entity_tag& right) {
  return !left.weak && !right.weak && left.opaque == right.opaque;
}

bool match_weakly(const entity_tag& left, const entity_tag& right) { return left.opaque == right.opaque; }

}  // namespace mutual::http
