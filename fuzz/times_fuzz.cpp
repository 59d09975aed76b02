// Spans and points of time, as people type them and as HTTP writes them. Held to: what is taken is within the bounds
// that are promised, and comes back when it is written.

#include "base/clock.hpp"
#include "base/duration.hpp"
#include "base/time_text.hpp"
#include "http/date.hpp"
#include "tls/patience.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace mutual;
using std::chrono::seconds;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr sys_seconds today{seconds(1'800'000'000)};
constexpr sys_seconds end_of_years{seconds(253'402'300'800)};

void span(std::string_view text) {
  const auto read = duration_from_text(text);
  if (read) {
    require(*read >= seconds(1) && *read <= std::chrono::days(36500));
    require(duration_from_text(std::to_string(read->count()) + "s") == read);
    require(!to_words(*read).empty());
  }
  const auto patience = tls::patience_from_text(text);
  if (patience) require((patience->policy == tls::unanswered::grace) == (patience->grace > seconds(0)));
  const auto with_grace = tls::patience_from_text("grace=" + std::string(text));
  require(with_grace.has_value() == read.has_value() && (!read || with_grace->grace == *read));
}

void point(std::string_view text) {
  if (const auto read = time_from_text(text)) {
    require(time_from_text(to_rfc3339(*read)) == read && time_from_text(to_text(*read)) == read);
    require(to_rfc3339(*read).starts_with(text.substr(0, 10)));
  }
  // The leap second at the end of 9999 is in a year of five digits.
  if (const auto read = http::from_http_date(text, today); read && *read < end_of_years) {
    require(http::from_http_date(http::to_http_date(*read), today) == read);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  span(text);
  point(text);
  return 0;
}
