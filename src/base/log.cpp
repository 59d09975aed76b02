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

std::string stamped(log_level level, std::string_view line) {
  return fmt::format("{} {:<7} {}", to_rfc3339(now()), to_string(level), line);
}

logger stderr_logger(log_level least) {
  // One write(2) a line: lines of several threads do not mix.
  return logger([](log_level level, std::string_view line) { say(stamped(level, line) + '\n'); }, least);
}

}  // namespace mutual
