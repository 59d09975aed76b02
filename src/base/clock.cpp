#include "base/clock.hpp"

#include <fmt/format.h>

#include <array>
#include <ctime>
#include <string_view>
#include <utility>

namespace mutual {
namespace {

// Years have four digits at the least (RFC 3339 section 5.6), which strftime(3) does not give the first thousand.
std::string formatted(sys_seconds time, char between, std::string_view zone) {
  const auto seconds = static_cast<std::time_t>(time.time_since_epoch().count());
  std::tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return "(out of range)";
  return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}{}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     between, parts.tm_hour, parts.tm_min, parts.tm_sec, zone);
}

// What the kernel noted at its last tick, 1 to 10 ms ago: no hardware is asked (clock_gettime(2)).
std::timespec last_tick(clockid_t which) {
  std::timespec at{};
  (void)::clock_gettime(which, &at);
  return at;
}

}  // namespace

sys_seconds now() { return sys_seconds(std::chrono::seconds(last_tick(CLOCK_REALTIME_COARSE).tv_sec)); }

std::chrono::steady_clock::time_point coarse_now() {
  const auto at = last_tick(CLOCK_MONOTONIC_COARSE);
  return std::chrono::steady_clock::time_point(std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec));
}

std::string to_text(sys_seconds time) { return formatted(time, ' ', " UTC"); }

std::string to_rfc3339(sys_seconds time) { return formatted(time, 'T', "Z"); }

std::string to_words(std::chrono::seconds span) {
  constexpr std::array<std::pair<long long, const char*>, 5> units{
      {{365LL * 86400, "year"}, {86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}}};
  const long long count = span.count() < 0 ? 0 : span.count();
  for (const auto& [size, name] : units) {
    // Up to two years are told in days: "400 days" says more than "1 year".
    if (count / size >= (size > 86400 ? 2 : 1))
      return fmt::format("{} {}{}", count / size, name, count / size == 1 ? "" : "s");
  }
  return "0 seconds";
}

}  // namespace mutual
