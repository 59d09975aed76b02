#pragma once
// abandonable: a task that may be given up from outside; with a value or without.

#include <mutual/task.hpp>

#include <coroutine>
#include <optional>
#include <utility>

namespace mutual::http {

/// Awaits a task, until it ends or is given up. To be awaited once, by name, on the thread that gives it up.
class abandonable {
 public:
  explicit abandonable(task<> work) : work_(std::move(work)) {}
  abandonable(const abandonable&) = delete;
  abandonable& operator=(const abandonable&) = delete;

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    return work_->await_suspend(waiter);
  }
  void await_resume() {
    if (work_) work_->await_resume();
  }

  /// Destroys the task and all that it holds, and lets its awaiter go on. Only while the task waits for something that
  /// will not resume it any more: from the loop, never from within the task.
  void give_up() {
    work_.reset();
    waiter_.resume();
  }

 private:
  std::optional<task<>> work_;
  std::coroutine_handle<> waiter_;
};

/// The same for a task that gives something: nothing comes of one that was given up.
template <class Value>
class abandonable_for {
 public:
  explicit abandonable_for(task<Value> work) : work_(std::move(work)) {}
  abandonable_for(const abandonable_for&) = delete;
  abandonable_for& operator=(const abandonable_for&) = delete;

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    return work_->await_suspend(waiter);
  }
  std::optional<Value> await_resume() {
    if (!work_) return std::nullopt;
    return std::optional<Value>(std::in_place, work_->await_resume());
  }

  /// As above.
  void give_up() {
    work_.reset();
    waiter_.resume();
  }

 private:
  std::optional<task<Value>> work_;
  std::coroutine_handle<> waiter_;
};

}  // namespace mutual::http
