#pragma once
// socket: a connected or listening socket that is waited for without holding a thread.

#include "base/descriptor.hpp"
#include "net/deadline.hpp"
#include "net/loop.hpp"
#include "net/wait.hpp"

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <sys/types.h>

namespace mutual::net {

/// Owns a non-blocking socket on one loop. System calls on it are the caller's, through fd(); this waits until they are
/// worth trying again, no longer than the deadline. One wait at a time. Its address is stable: it does not move.
class socket {
 public:
  socket(loop& on, descriptor handle);
  ~socket();
  socket(const socket&) = delete;
  socket& operator=(const socket&) = delete;

  int fd() const { return fd_; }
  loop& owner() { return loop_; }

  enum class direction { read, write };

  class awaiter;
  /// Waits until the socket can be read (or has ended), or until the deadline.
  awaiter readable();
  /// Waits until the socket can be written, or until the deadline.
  awaiter writable();
  awaiter wait(direction which);

  /// Waits may last until then; a wait under way is bound by it too.
  void set_deadline(std::chrono::milliseconds from_now) {
    deadline_passed_ = false;
    deadline_.set(from_now);
  }
  void clear_deadline() {
    deadline_passed_ = false;
    deadline_.clear();
  }

  /// Ends the wait under way, and every later one at once, with `cancelled`.
  void cancel();
  bool cancelled() const { return cancelled_; }

  /// Closes it at once; no wait may be under way.
  void close();

 private:
  struct impl;
  void begin_wait(awaiter& waiting);
  void expire();

  loop& loop_;
  std::unique_ptr<impl> impl_;
  int fd_;
  awaiter* waiting_ = nullptr;
  bool cancelled_ = false;
  bool deadline_passed_ = false;
  deadline deadline_;
};

class socket::awaiter {
 public:
  awaiter(socket& owner, direction which) : owner_(owner), direction_(which) {}
  bool await_ready() const noexcept { return owner_.cancelled_ || owner_.deadline_passed_; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    owner_.begin_wait(*this);
  }
  wait_status await_resume() const noexcept {
    if (owner_.cancelled_) return wait_status::cancelled;
    return owner_.deadline_passed_ ? wait_status::timed_out : status_;
  }

 private:
  friend class socket;
  socket& owner_;
  direction direction_;
  std::coroutine_handle<> waiter_;
  wait_status status_ = wait_status::ready;
};

inline socket::awaiter socket::readable() { return {*this, direction::read}; }
inline socket::awaiter socket::writable() { return {*this, direction::write}; }
inline socket::awaiter socket::wait(direction which) { return {*this, which}; }

}  // namespace mutual::net
