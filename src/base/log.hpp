#pragma once
// logger: where lines for people go. A value that is passed along; there is no global one.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace mutual {

enum class log_level { debug, info, warning, error };

/// "debug", "info", "warning", "error".
std::string_view to_string(log_level level);

/// Hands finished lines to a sink. Copies share it. Safe to use from any thread if the sink is.
class logger {
 public:
  using sink = std::function<void(log_level, std::string_view line)>;

  /// Writes nothing.
  logger() = default;
  explicit logger(sink to, log_level least = log_level::info);

  bool wants(log_level level) const { return sink_ && level >= least_; }
  void write(log_level level, std::string_view line) const;

  void debug(std::string_view line) const { write(log_level::debug, line); }
  void info(std::string_view line) const { write(log_level::info, line); }
  void warn(std::string_view line) const { write(log_level::warning, line); }
  void error(std::string_view line) const { write(log_level::error, line); }

 private:
  std::shared_ptr<const sink> sink_;
  log_level least_ = log_level::info;
};

/// "2026-11-23T14:05:00Z warning …", without the line's end.
std::string stamped(log_level level, std::string_view line);

/// A logger that writes "2026-11-23T14:05:00Z warning …" lines to standard error, each in one write.
logger stderr_logger(log_level least = log_level::info);

}  // namespace mutual
