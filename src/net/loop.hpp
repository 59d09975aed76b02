#pragma once
// loop: one thread's event loop.

#include "net/wait.hpp"

#include <mutual/task.hpp>

#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>
#include <span>

namespace mutual::net {

class deadline_wheel;

/// Runs what sockets, timers and other threads bring, on the one thread that calls run(). Sockets and tasks belong to
/// the loop that they were made on and never move. Everything is for the loop's own thread but post() and stop().
class loop {
 public:
  using clock = std::chrono::steady_clock;

  loop();
  ~loop();
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  /// Works until stop() is called.
  void run();

  /// Works until nothing is left to wait for, or stop() is called; for clients and tests.
  void run_until_idle();

  /// Ends run() soon; from any thread.
  void stop();

  /// Runs `work` on the loop's thread, later; from any thread.
  void post(std::function<void()> work);

  /// Starts a task that nobody waits for. What it throws ends the program: catch inside.
  void spawn(task<> work);

  /// Runs `work` on the loop's thread after that long, unless the loop ends before; from that thread.
  void after(std::chrono::nanoseconds duration, std::function<void()> work);

  /// Waits that long. A coroutine that is destroyed meanwhile is not resumed.
  class sleep_awaiter;
  sleep_awaiter sleep(std::chrono::milliseconds duration);

  /// Lets everything else that is ready on this loop have its turn first. As safe to destroy as a sleep.
  sleep_awaiter yield();

  /// A buffer that everything on this loop may read into; its contents do not outlive the next wait.
  std::span<char> scratch();

  /// Another, for what goes out, as it is before TLS seals it; and one that all of it fits into when it is sealed. Made
  /// when they are first asked for.
  std::span<char> clear();
  std::span<char> sealed();

  deadline_wheel& deadlines();

  struct impl;
  impl& internals() { return *impl_; }

 private:
  std::unique_ptr<impl> impl_;
};

class loop::sleep_awaiter {
 public:
  sleep_awaiter(loop& owner, std::chrono::milliseconds duration) : owner_(owner), duration_(duration) {}
  ~sleep_awaiter() {
    if (waiter_) *waiter_ = nullptr;
  }
  sleep_awaiter(const sleep_awaiter&) = delete;
  sleep_awaiter& operator=(const sleep_awaiter&) = delete;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter);
  void await_resume() const noexcept {}

 private:
  loop& owner_;
  std::chrono::milliseconds duration_;
  std::shared_ptr<std::coroutine_handle<>> waiter_;  // null within, once nobody waits any more
};

}  // namespace mutual::net
