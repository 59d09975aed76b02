#pragma once
// line_writer: lines to a place that may be slow, without waiting for it.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace mutual::net {

/// Writes lines to a descriptor on a thread of its own, in their order. Whoever hands one over never waits: when more
/// than `most_bytes` wait, since nobody reads at the other end, further lines are dropped, and a line says how many as
/// soon as there is room. Safe to use from any thread.
class line_writer {
 public:
  /// The descriptor is the caller's, and stays open.
  explicit line_writer(int descriptor, std::size_t most_bytes = std::size_t{1024} * 1024);
  /// As finish().
  ~line_writer() { finish(); }
  line_writer(const line_writer&) = delete;
  line_writer& operator=(const line_writer&) = delete;

  /// A line without its end, which is added.
  void write(std::string_view line);

  /// Writes what waits, for a second at most, and ends. Lines that come later are dropped.
  void finish();

 private:
  void run();
  bool take(std::string& into);
  void put(std::string_view bytes);
  bool wait_for_room();

  const int descriptor_;
  const std::size_t most_bytes_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string waiting_;  // guarded, as all below
  std::size_t dropped_ = 0;
  bool finishing_ = false;
  bool abandoned_ = false;
  std::chrono::steady_clock::time_point last_moment_{};
  std::thread thread_;
};

}  // namespace mutual::net
