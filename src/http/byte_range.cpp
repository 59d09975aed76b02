#include "http/byte_range.hpp"

#include "base/text.hpp"
#include "http/grammar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace mutual::http {
namespace {

// What one part of a list came to.
struct part {
  bool valid = false;
  bool satisfiable = false;
  byte_span span;
};

// A position that no number can hold is as good as the end of everything.
std::optional<std::uint64_t> position(std::string_view digits) {
  if (!is_digits(digits)) return std::nullopt;
  return text::to_number(digits).value_or(std::numeric_limits<std::uint64_t>::max());
}

// "-500": the last 500 bytes.
part read_suffix(std::string_view digits, std::uint64_t size) {
  const auto length = position(digits);
  if (!length) return {};
  const auto taken = std::min(*length, size);
  return {true, taken > 0, {size - taken, taken}};
}

part read_part(std::string_view text, std::uint64_t size) {
  const auto hyphen = text.find('-');
  if (hyphen == std::string_view::npos) return {};
  if (hyphen == 0) return read_suffix(text.substr(1), size);
  const auto first = position(text.substr(0, hyphen));
  const auto rest = text.substr(hyphen + 1);
  const auto last = rest.empty() ? std::numeric_limits<std::uint64_t>::max() : position(rest);
  if (!first || !last || *last < *first) return {};
  if (*first >= size) return {true, false, {}};
  return {true, true, {*first, std::min(*last, size - 1) - *first + 1}};
}

bool any_overlap(std::vector<byte_span> spans) {
  std::sort(spans.begin(), spans.end(), [](const auto& left, const auto& right) { return left.first < right.first; });
  return std::adjacent_find(spans.begin(), spans.end(), [](const auto& left, const auto& right) {
           return left.first + left.length > right.first;
         }) != spans.end();
}

}  // namespace

range_request read_range(std::string_view value, std::uint64_t size) {
  const auto equals = value.find('=');
  if (size == 0 || equals == std::string_view::npos || !text::iequals(value.substr(0, equals), "bytes")) return {};
  range_request out;
  std::size_t asked = 0;
  for (const auto each : text::split_list(value.substr(equals + 1))) {
    const auto read = ++asked <= most_ranges ? read_part(each, size) : part{};
    if (!read.valid) return {};
    if (read.satisfiable) out.spans.push_back(read.span);
  }
  if (asked == 0 || any_overlap(out.spans)) return {};
  out.what = out.spans.empty() ? range_request::meaning::unsatisfiable : range_request::meaning::spans;
  return out;
}

std::string content_range(const byte_span& span, std::uint64_t size) {
  return fmt::format("bytes {}-{}/{}", span.first, span.first + span.length - 1, size);
}

}  // namespace mutual::http
