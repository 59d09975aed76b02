#include "app/workers.hpp"

#include <mutual/offload.hpp>
#include <mutual/problem.hpp>

#include <algorithm>
#include <stdexcept>

namespace mutual {
namespace {

using detail::worker_job;

// A coroutine does not know by whom it is run, so its thread does. One thread serves one loop.
thread_local home_thread* current_home = nullptr;

problem too_busy() {
  return problem::unavailable("too many requests wait for a worker; try again in a second").header("Retry-After", "1");
}

// `finished` comes first: whoever waits for `over` may then take away what `finished` refers to.
void complete(worker_job& job) {
  job.finished();
  job.over.store(true, std::memory_order_release);
  job.over.notify_all();
}

}  // namespace

home_thread& home_of_this_thread(const char* what) {
  if (current_home != nullptr) return *current_home;
  throw std::logic_error(std::string(what) +
                         " was awaited on a thread that serves no requests: use it in handlers and middleware");
}

bool worker_pool::submit(std::shared_ptr<worker_job> job) {
  const std::lock_guard lock(mutex_);
  if (stopped_ || queue_.size() >= waiting_) return false;
  while (threads_.size() < threads_wanted_) threads_.emplace_back([this] { work(); });
  queue_.push_back(std::move(job));
  wake_.notify_one();
  return true;
}

bool worker_pool::withdraw(const std::shared_ptr<worker_job>& job) {
  const std::lock_guard lock(mutex_);
  const auto at = std::find(queue_.begin(), queue_.end(), job);
  if (at == queue_.end()) return false;
  queue_.erase(at);
  return true;
}

void worker_pool::stop() {
  std::deque<std::shared_ptr<worker_job>> left;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    left.swap(queue_);
  }
  wake_.notify_all();
  for (const auto& job : left) {
    job->refused = true;
    complete(*job);
  }
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void worker_pool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const auto job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job->work();
    complete(*job);
    lock.lock();
  }
}

home_scope::home_scope(home_thread& home) : before_(std::exchange(current_home, &home)) {}
home_scope::~home_scope() { current_home = before_; }

namespace detail {

void worker_ticket::start(std::function<void()> work, std::coroutine_handle<> waiter) {
  home_thread& home = home_of_this_thread("offload");
  auto job = std::make_shared<worker_job>();
  job->pool = home.workers;
  job->work = std::move(work);
  job->waiter = waiter;
  // What is posted keeps the job, and a ticket that has gone has taken its waiter with it.
  job->finished = [&home, weak = std::weak_ptr<worker_job>(job)] {
    home.post([self = weak.lock()] {
      if (self->waiter) self->waiter.resume();
    });
  };
  if (!home.workers->submit(job)) throw too_busy();
  job_ = std::move(job);
}

void worker_ticket::check_done() const {
  if (job_->refused) throw too_busy();
}

worker_ticket::~worker_ticket() {
  if (!job_) return;
  job_->waiter = nullptr;
  if (job_->pool->withdraw(job_)) return;
  job_->over.wait(false, std::memory_order_acquire);
}

struct sleep_state {
  std::coroutine_handle<> waiter;
};

void sleeping::await_suspend(std::coroutine_handle<> waiter) {
  home_thread& home = home_of_this_thread("sleep");
  state_ = std::make_shared<sleep_state>();
  state_->waiter = waiter;
  home.after(span_, [state = state_] {
    if (state->waiter) state->waiter.resume();
  });
}

sleeping::~sleeping() {
  if (state_) state_->waiter = nullptr;
}

}  // namespace detail
}  // namespace mutual
