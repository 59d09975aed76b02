// Range, from any bytes. Held to: what is given lies within the file, overlaps nowhere, and is never more than the
// file.

#include "http/byte_range.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void check(std::string_view value, std::uint64_t size) {
  using mutual::http::range_request;
  const auto read = mutual::http::read_range(value, size);
  if ((read.what == range_request::meaning::spans) == read.spans.empty()) std::abort();
  if (read.spans.size() > mutual::http::most_ranges) std::abort();
  std::uint64_t sum = 0;
  for (const auto& span : read.spans) {
    if (span.length == 0 || span.first >= size || span.length > size - span.first) std::abort();
    sum += span.length;
    if (sum > size) std::abort();
    for (const auto& other : read.spans) {
      if (&other != &span && span.first < other.first + other.length && other.first < span.first + span.length)
        std::abort();
    }
    if (mutual::http::content_range(span, size).find('-') == std::string::npos) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  for (const std::uint64_t file : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, std::uint64_t{1} << 62U}) {
    check(value, file);
  }
  return 0;
}
