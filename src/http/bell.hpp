#pragma once
// bell: lets one coroutine wait until another part of its thread has news for it.

#include <coroutine>
#include <utility>

namespace mutual::http {

/// Rung before it is waited for, it does not make wait. For one waiter and one thread; whoever waits may be destroyed.
class bell {
 public:
  bell() = default;
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;

  /// Wakes the waiter, which runs before this returns; without one, the next wait is none.
  void ring() {
    rung_ = true;
    if (waiter_) std::exchange(waiter_, nullptr).resume();
  }

  class awaiter {
   public:
    explicit awaiter(bell& of) : bell_(of) {}
    ~awaiter() { bell_.waiter_ = nullptr; }
    awaiter(const awaiter&) = delete;
    awaiter& operator=(const awaiter&) = delete;
    bool await_ready() const noexcept { return bell_.rung_; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { bell_.waiter_ = waiter; }
    void await_resume() const noexcept { bell_.rung_ = false; }

   private:
    bell& bell_;
  };
  awaiter wait() { return awaiter(*this); }

 private:
  std::coroutine_handle<> waiter_;
  bool rung_ = false;
};

}  // namespace mutual::http
