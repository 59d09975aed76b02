#include "http/content_coding.hpp"

#include "base/text.hpp"
#include "http/grammar.hpp"

#include <algorithm>

namespace mutual::http {
namespace {

constexpr std::size_t most_codings = 64;
constexpr std::array names = {std::string_view("identity"), std::string_view("gzip"), std::string_view("br"),
                              std::string_view("zstd")};

// A weight in thousandths: "1", "0.5", "1.000" (RFC 9110 section 12.4.2).
std::optional<int> read_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int value = text[0] - '0';
  const auto digits = text.substr(std::min<std::size_t>(text.size(), 2));
  if (!digits.empty() && !is_digits(digits)) return std::nullopt;
  for (std::size_t i = 0; i < 3; ++i) value = value * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  return value <= 1000 ? std::optional(value) : std::nullopt;
}

// What stands behind a coding: nothing, or ";q=0.5" with spaces around the semicolon.
std::optional<int> read_parameters(std::string_view text) {
  if (text.empty()) return 1000;
  text = text::trim(text.substr(1));
  if (text.size() < 2 || !text::iequals(text.substr(0, 2), "q=")) return std::nullopt;
  return read_weight(text.substr(2));
}

// Said twice, the less welcoming counts.
void note(std::optional<int>& known, int weight) { known = std::min(known.value_or(1000), weight); }

}  // namespace

std::string_view to_string(coding which) { return names[static_cast<std::size_t>(which)]; }

std::optional<coding> read_coding(std::string_view name) {
  if (text::iequals(name, "x-gzip")) return coding::gzip;
  const auto found = std::find_if(names.begin(), names.end(), [&](auto each) { return text::iequals(each, name); });
  if (found == names.end()) return std::nullopt;
  return static_cast<coding>(found - names.begin());
}

accepted_codings accepted_codings::read(const std::vector<std::string_view>& values) {
  accepted_codings out;
  std::size_t count = 0;
  for (const auto value : values) {
    for (const auto each : text::split_list(value)) {
      const auto semicolon = std::min(each.find(';'), each.size());
      const auto name = text::trim(each.substr(0, semicolon));
      const auto weight = read_parameters(each.substr(semicolon));
      if (!weight || !is_token(name) || ++count > most_codings) return {};
      if (name == "*") note(out.others_, *weight);
      if (const auto which = read_coding(name)) note(out.named_[static_cast<std::size_t>(*which)], *weight);
    }
  }
  return out;
}

int accepted_codings::weight(coding which) const {
  const auto& named = named_[static_cast<std::size_t>(which)];
  if (named) return *named;
  if (which == coding::identity) return others_ == 0 ? 0 : 1;  // taken unless it is refused, and after all others
  return others_.value_or(0);
}

std::optional<coding> accepted_codings::choose(std::span<const coding> offered) const {
  auto best = coding::identity;
  int best_weight = weight(best);
  for (const auto each : offered) {
    const int here = weight(each);
    // As welcome as sending more bytes, sending fewer is better.
    if (here == 0 || here < best_weight || (here == best_weight && best != coding::identity)) continue;
    best = each;
    best_weight = here;
  }
  return best_weight > 0 ? std::optional(best) : std::nullopt;
}

}  // namespace mutual::http
