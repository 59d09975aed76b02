#pragma once
// task<T>: work that may wait without holding a thread.

#include <cassert>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace mutual {

template <class T>
class task;

namespace detail {

/// What every task's promise has: who waits for it, and what it threw.
///
/// A task starts when it is awaited, on the awaiter's stack, and is resumed on the thread that started it. One that
/// finishes without ever waiting hands its value back without a switch (`starting_`), so a loop of such tasks does not
/// grow the stack, with or without an optimiser (symmetric transfer alone would, under the sanitizers).
class task_promise_base {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }

  struct final_awaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) noexcept {
      task_promise_base& promise = finished.promise();
      if (promise.starting_ || !promise.waiter_) return std::noop_coroutine();
      return promise.waiter_;
    }
    void await_resume() noexcept {}
  };
  final_awaiter final_suspend() noexcept { return {}; }

  void unhandled_exception() noexcept { failure_ = std::current_exception(); }

  /// Starts the coroutine for `waiter`; true if it now waits, false if it has finished.
  template <class Promise>
  static bool start(std::coroutine_handle<Promise> coroutine, std::coroutine_handle<> waiter) {
    task_promise_base& promise = coroutine.promise();
    promise.waiter_ = waiter;
    promise.starting_ = true;
    coroutine.resume();
    promise.starting_ = false;
    return !coroutine.done();
  }

 protected:
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::coroutine_handle<> waiter_;
  std::exception_ptr failure_;
  bool starting_ = false;
};

template <class T>
class task_promise : public task_promise_base {
 public:
  task<T> get_return_object() noexcept;
  template <class U>
  requires std::is_convertible_v<U&&, T>
  void return_value(U&& value) { value_.emplace(std::forward<U>(value)); }
  T take() {
    rethrow();
    assert(value_);
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class task_promise<void> : public task_promise_base {
 public:
  task<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void take() { rethrow(); }
};

}  // namespace detail

/// Work that gives a `T` when awaited, once. It runs on the thread of whoever awaits it; destroying it before it has
/// finished destroys what it holds. Moveable, not copyable, not thread-safe.
///
/// g++ 12 destroys some temporaries twice in a `co_await` expression: name closures and aggregates first, then move
/// them in, and write one `co_await` a statement (docs/coroutines.md).
template <class T = void>
class [[nodiscard]] task {
 public:
  using promise_type = detail::task_promise<T>;

  explicit task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
  task(task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    if (this != &other) {
      if (coroutine_) coroutine_.destroy();
      coroutine_ = std::exchange(other.coroutine_, nullptr);
    }
    return *this;
  }
  task(const task&) = delete;
  task& operator=(const task&) = delete;
  ~task() {
    if (coroutine_) coroutine_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) { return promise_type::start(coroutine_, waiter); }
  T await_resume() { return coroutine_.promise().take(); }

 private:
  std::coroutine_handle<promise_type> coroutine_;
};

namespace detail {

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<task_promise<T>>::from_promise(*this));
}
inline task<void> task_promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<task_promise<void>>::from_promise(*this));
}

}  // namespace detail
}  // namespace mutual
