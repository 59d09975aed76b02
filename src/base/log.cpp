#include "base/log.hpp"

#include "base/clock.hpp"
#include "base/streams.hpp"

#include <fmt/format.h>

#include <utility>

namespace mutual {

std::string_view to_string(log_level level) {
  switch (level) {
    case log_level::debug:
      return "debug";
    case log_level::info:
      return "info";
    case log_level::warning:
      return "warning";
    case log_level::error:
      return "error";
  }
  return "error";
}

logger::logger(sink to, log_level least) : sink_(std::make_shared<const sink>(std::move(to))), least_(least) {}

void logger::write(log_level level, std::string_view line) const {
  if (wants(level)) (*sink_)(level, line);
}

logger stderr_logger(log_level least) {
  return logger(
      [](log_level level, std::string_view line) {
        const auto text = fmt::format("{} {:<7} {}\n", to_rfc3339(now()), to_string(level), line);
        // One write(2) a line: lines of several threads do not mix.
        say(text);
      },
      least);
}

}  // namespace mutual
