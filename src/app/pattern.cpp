#include "app/pattern.hpp"

#include "base/characters.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace mutual {
namespace {

bool is_name(std::string_view name) {
  const bool begins_well = !name.empty() && !(name[0] >= '0' && name[0] <= '9');
  return begins_well &&
         std::all_of(name.begin(), name.end(), [](char c) { return text::is_letter_or_digit(c) || c == '_'; });
}

bool is_literal(std::string_view text) {
  const auto allowed = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F && std::string_view("{}?#%\\").find(c) == std::string_view::npos;
  };
  return text != "." && text != ".." && std::all_of(text.begin(), text.end(), allowed);
}

error bad_pattern(std::string_view whole, const std::string& why) {
  return {errc::bad_usage, "the route pattern " + text::quoted(whole) + " " + why};
}

result<pattern_segment> parse_segment(std::string_view part, std::string_view whole) {
  using kind = pattern_segment::kind;
  if (part.size() >= 2 && part.front() == '{' && part.back() == '}') {
    std::string_view name = part.substr(1, part.size() - 2);
    const bool rest = name.ends_with("...");
    if (rest) name.remove_suffix(3);
    if (is_name(name)) return pattern_segment{rest ? kind::rest : kind::parameter, std::string(name)};
    return bad_pattern(whole,
                       "has a parameter without a proper name: write {name} or {name...}, of letters, digits and _");
  }
  if (!is_literal(part)) {
    return bad_pattern(whole, "has a segment " + text::quoted(part) +
                                  " that cannot be: write it unescaped, and a parameter as a whole segment {name}");
  }
  return pattern_segment{kind::literal, std::string(part)};
}

}  // namespace

std::size_t pattern::parameters() const {
  return static_cast<std::size_t>(std::count_if(segments.begin(), segments.end(), [](const pattern_segment& s) {
    return s.what != pattern_segment::kind::literal;
  }));
}

result<pattern> parse_pattern(std::string_view text) {
  if (!text.starts_with('/')) return bad_pattern(text, "does not start with \"/\"");
  pattern out;
  std::string_view left = text;
  while (!left.empty()) {
    left.remove_prefix(1);
    const auto end = std::min(left.find('/'), left.size());
    MUTUAL_TRY(auto segment, parse_segment(left.substr(0, end), text));
    left.remove_prefix(end);
    if (segment.what == pattern_segment::kind::literal && segment.text.empty() && !left.empty()) {
      return bad_pattern(text, "has an empty segment (\"//\")");
    }
    if (segment.what == pattern_segment::kind::rest && !left.empty()) {
      return bad_pattern(text, "goes on after {" + segment.text + "...}, which takes all that is left");
    }
    const bool again = segment.what != pattern_segment::kind::literal &&
                       std::any_of(out.segments.begin(), out.segments.end(), [&](const pattern_segment& s) {
                         return s.what != pattern_segment::kind::literal && s.text == segment.text;
                       });
    if (again) return bad_pattern(text, "names {" + segment.text + "} twice");
    out.segments.push_back(std::move(segment));
  }
  return out;
}

}  // namespace mutual
