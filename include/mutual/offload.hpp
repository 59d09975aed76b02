#pragma once
// offload and sleep: how a coroutine handler waits for something without holding up its connection's thread.

#include <chrono>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace mutual {

namespace detail {

struct worker_job;

/// One piece of work given to the workers of the thread's app. Destroying it takes the work back, or waits for it if it
/// is being done, so what the work refers to may live beside it.
class worker_ticket {
 public:
  worker_ticket() = default;
  ~worker_ticket();
  worker_ticket(const worker_ticket&) = delete;
  worker_ticket& operator=(const worker_ticket&) = delete;

  /// Hands the work on; `waiter` is resumed on this thread when it is done. Throws a 503 problem if too much waits
  /// already.
  void start(std::function<void()> work, std::coroutine_handle<> waiter);

  /// Throws a 503 problem if the workers were stopped before they came to it.
  void check_done() const;

 private:
  std::shared_ptr<worker_job> job_;
};

template <class Value>
struct outcome {
  std::optional<Value> value;
  Value take() { return std::move(*value); }
  template <class Work>
  void run(Work& work) {
    value.emplace(work());
  }
};
template <>
struct outcome<void> {
  void take() {}
  template <class Work>
  void run(Work& work) {
    work();
  }
};

/// What `offload` gives to co_await.
template <class Work>
class offloaded {
 public:
  using value_type = std::invoke_result_t<Work&>;

  explicit offloaded(Work work) : work_(std::move(work)) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    ticket_.start([this] { run(); }, waiter);
  }
  value_type await_resume() {
    ticket_.check_done();
    if (thrown_) std::rethrow_exception(thrown_);
    return outcome_.take();
  }

 private:
  void run() noexcept {
    try {
      outcome_.run(work_);
    } catch (...) {
      thrown_ = std::current_exception();
    }
  }

  Work work_;
  std::exception_ptr thrown_;
  outcome<value_type> outcome_;
  worker_ticket ticket_;  // Last, so that it goes first.
};

struct sleep_state;

/// What `sleep` gives to co_await.
class sleeping {
 public:
  explicit sleeping(std::chrono::nanoseconds span) : span_(span) {}
  ~sleeping();
  sleeping(const sleeping&) = delete;
  sleeping& operator=(const sleeping&) = delete;

  bool await_ready() const noexcept { return span_ <= std::chrono::nanoseconds::zero(); }
  void await_suspend(std::coroutine_handle<> waiter);
  void await_resume() const noexcept {}

 private:
  std::chrono::nanoseconds span_;
  std::shared_ptr<sleep_state> state_;
};

}  // namespace detail

/// Does work that blocks on one of the app's worker threads, and gives what it returned, or throws what it threw, back
/// on the connection's own thread. Only in a handler or a middleware. Throws a 503 problem with Retry-After if too much
/// waits for a worker already. If the request is given up meanwhile, that waits for the work to end; so the work may
/// refer to the coroutine's variables.
///
///     auto search = [&] { return database.find(title); };
///     auto found = co_await mutual::offload(search);
///
/// g++ 12 destroys twice what a closure has captured by value if it is written within the co_await expression: name it
/// first, as here.
template <class Work>
detail::offloaded<std::decay_t<Work>> offload(Work&& work) {
  return detail::offloaded<std::decay_t<Work>>(std::forward<Work>(work));
}

/// Waits for that long without holding a thread. Only in a handler or a middleware.
inline detail::sleeping sleep(std::chrono::nanoseconds span) { return detail::sleeping(span); }

}  // namespace mutual
