#pragma once
// patient_complaint: one trouble that many meet is told once, and again when it lasts.

#include "base/log.hpp"

#include <chrono>
#include <mutex>
#include <string>

namespace mutual::ca_service {

/// Tells a logger of errors, the same one at most once a minute. Safe to use from any thread.
class patient_complaint {
 public:
  explicit patient_complaint(logger to) : to_(std::move(to)) {}

  void tell(const std::string& line) {
    const auto present = std::chrono::steady_clock::now();
    {
      const std::scoped_lock lock(guard_);
      if (line == last_ && present - told_ < std::chrono::minutes(1)) return;
      last_ = line;
      told_ = present;
    }
    to_.error(line);
  }
  /// It is over: when it comes again, it is told at once.
  void over() {
    const std::scoped_lock lock(guard_);
    last_.clear();
  }

 private:
  logger to_;
  std::mutex guard_;
  std::string last_;
  std::chrono::steady_clock::time_point told_{};
};

}  // namespace mutual::ca_service
