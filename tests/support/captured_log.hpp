#pragma once
// A log that tests can read, and wait for.

#include "base/log.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::test {

/// Keeps every line that its loggers write, whatever the thread. Its loggers may outlive it.
class captured_log {
 public:
  logger to() const;

  std::vector<std::string> lines() const;
  std::size_t size() const;
  /// How many lines contain `part`, from line number `from` on.
  std::size_t count(std::string_view part, std::size_t from = 0) const;
  /// The first line that contains `part`, as soon as there is one; nothing if none comes in time.
  std::optional<std::string> wait_for(std::string_view part, std::size_t from = 0,
                                      std::chrono::milliseconds limit = std::chrono::seconds(10)) const;

 private:
  struct store {
    std::mutex guard;
    std::condition_variable came;
    std::vector<std::string> lines;
  };
  std::shared_ptr<store> store_ = std::make_shared<store>();
};

}  // namespace mutual::test
