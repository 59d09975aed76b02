#pragma once
// The threads that blocking work is done on, and how its outcome finds its way back.

#include "app/encode_budget.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace mutual {

class worker_pool;

namespace detail {

/// One piece of work, and who waits for it.
struct worker_job {
  std::function<void()> work;      ///< Does not throw.
  std::function<void()> finished;  ///< Called when the work is done or refused, on whatever thread.
  worker_pool* pool = nullptr;
  std::coroutine_handle<> waiter;  ///< Touched by the waiter's own thread only; null if it has gone.
  std::atomic<bool> over{false};   ///< Nobody touches what the work refers to any more.
  bool refused = false;            ///< Set before `finished`.
};

}  // namespace detail

/// A bounded number of threads with a bounded queue. Safe to use from any thread.
class worker_pool {
 public:
  worker_pool(unsigned threads, std::size_t waiting) : threads_wanted_(threads), waiting_(waiting) {}
  ~worker_pool() { stop(); }
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;

  /// Takes the job, or says that the queue is full or the pool has stopped.
  bool submit(std::shared_ptr<detail::worker_job> job);

  /// Takes back a job that has not been begun; false if it was, or is over.
  bool withdraw(const std::shared_ptr<detail::worker_job>& job);

  /// Refuses what waits, and waits for what runs. Called again, it does nothing.
  void stop();

 private:
  void work();

  const unsigned threads_wanted_;
  const std::size_t waiting_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<detail::worker_job>> queue_;
  std::vector<std::thread> threads_;
  bool stopped_ = false;
};

/// What a thread that serves requests lends to the coroutines that run on it.
struct home_thread {
  /// Runs something on this thread, soon. Callable from any thread.
  std::function<void(std::function<void()>)> post;
  /// Runs something on this thread after a while. Called on this thread only.
  std::function<void(std::chrono::nanoseconds, std::function<void()>)> after;
  /// Where blocking work goes. Outlives this.
  worker_pool* workers = nullptr;
  /// What encoders may hold for each of the thread's connections, by whichever `compress()` their answers come.
  std::shared_ptr<encode_budgets> encoders = std::make_shared<encode_budgets>(most_for_encoders);
};

/// The home that this thread lends now; std::logic_error, which names `what`, if it serves no requests.
home_thread& home_of_this_thread(const char* what);

/// While it lives, `offload` and `sleep` on this thread use that home, which must outlive every task that was awaited
/// under it. The one before is put back at the end.
class home_scope {
 public:
  explicit home_scope(home_thread& home);
  ~home_scope();
  home_scope(const home_scope&) = delete;
  home_scope& operator=(const home_scope&) = delete;

 private:
  home_thread* before_;
};

}  // namespace mutual
