#include "app/workers.hpp"

#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <atomic>
#include <latch>
#include <thread>

namespace mutual {
namespace {

using namespace std::chrono_literals;

TEST(workers, a_blocking_handler_runs_on_another_thread_and_answers_on_the_clients_own) {
  const auto here = std::this_thread::get_id();
  std::thread::id handler, around;
  app service;
  service.use(after([&](const request&, response&) { around = std::this_thread::get_id(); }));
  service.get("/{n}", blocking([&](int n) {
                handler = std::this_thread::get_id();
                return std::to_string(n);
              }));
  test_client client(service);
  EXPECT_EQ(client.get("/7").body, "7");
  EXPECT_NE(handler, here);
  EXPECT_EQ(around, here);
}

TEST(workers, what_a_blocking_handler_throws_is_told_as_always) {
  app service;
  service.log_to([](std::string_view) {});
  service.get("/problem", blocking([]() -> std::string { throw problem::gone(); }));
  service.get("/other", blocking([]() -> std::string { throw std::runtime_error("x"); }));
  service.get("/{n}/n", blocking([](int) { return ""; }));
  test_client client(service);
  EXPECT_EQ(client.get("/problem").status, 410);
  EXPECT_EQ(client.get("/other").status, 500);
  EXPECT_EQ(client.get("/x/n").status, 404);
}

TEST(workers, a_coroutine_gives_its_blocking_work_away_and_gets_its_outcome) {
  app service;
  service.log_to([](std::string_view) {});
  service.get("/value", []() -> task<std::string> {
    const auto here = std::this_thread::get_id();
    auto work = [] { return std::this_thread::get_id(); };
    const auto there = co_await offload(work);
    co_return here != there&& here == std::this_thread::get_id() ? "moved and back" : "wrong";
  });
  service.get("/void", []() -> task<std::string> {
    int sum = 1;
    auto work = [&sum] { sum += 1; };
    co_await offload(work);
    co_await offload(work);
    co_return std::to_string(sum);
  });
  service.get("/move", []() -> task<std::string> {
    auto work = [] { return std::make_unique<std::string>("only one"); };
    auto made = co_await offload(work);
    co_return *made;
  });
  service.get("/throws", []() -> task<std::string> {
    auto work = []() -> int { throw problem::gone(); };
    const int never = co_await offload(work);
    co_return std::to_string(never);
  });
  test_client client(service);
  EXPECT_EQ(client.get("/value").body, "moved and back");
  EXPECT_EQ(client.get("/void").body, "3");
  EXPECT_EQ(client.get("/move").body, "only one");
  EXPECT_EQ(client.get("/throws").status, 410);
}

TEST(workers, sleeping_takes_the_time_that_it_says) {
  app service;
  service.get("/", []() -> task<std::string> {
    co_await sleep(30ms);
    co_await sleep(0ms);
    co_return "slept";
  });
  test_client client(service);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(client.get("/").body, "slept");
  EXPECT_GE(std::chrono::steady_clock::now() - start, 30ms);
}

TEST(workers, when_too_many_wait_further_ones_are_told_to_come_again) {
  std::latch running(1), release(1);
  app service;
  service.workers(1, 1);
  service.get("/slow", blocking([&] {
                running.count_down();
                release.wait();
                return "slow";
              }));
  service.get("/quick", blocking([] { return "quick"; }));
  service.get("/offload", []() -> task<std::string> {
    auto work = [] { return 1; };
    const int one = co_await offload(work);
    co_return std::to_string(one);
  });
  service.freeze();
  const auto get = [&](const char* target) {
    test_client client(service);
    return client.get(target);
  };
  std::string slow;
  std::thread first([&] { slow = get("/slow").body; });
  running.wait();
  // Of two more, one may wait, and the other is told at once.
  std::latch told(1);
  test_response refused;
  std::atomic<int> waited = 0;
  const auto try_one = [&] {
    auto answer = get("/quick");
    if (answer.status != 503) {
      ++waited;
    } else {
      refused = std::move(answer);
      told.count_down();
    }
  };
  std::thread second(try_one), third(try_one);
  told.wait();
  EXPECT_EQ(get("/offload").status, 503);
  release.count_down();
  for (auto* thread : {&first, &second, &third}) thread->join();
  EXPECT_EQ(slow, "slow");
  EXPECT_EQ(waited, 1);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_EQ(refused.header("Content-Type"), "application/problem+json");
}

// A thread's loop, run by hand.
struct hand_loop {
  explicit hand_loop(worker_pool& workers) {
    home.workers = &workers;
    home.post = [this](std::function<void()> work) {
      const std::lock_guard lock(mutex);
      posted.push_back(std::move(work));
      arrived.notify_one();
    };
    home.after = [this](std::chrono::nanoseconds, std::function<void()> work) { timers.push_back(std::move(work)); };
  }
  void run_one() {
    std::unique_lock lock(mutex);
    arrived.wait(lock, [this] { return !posted.empty(); });
    auto work = std::move(posted.front());
    posted.pop_front();
    lock.unlock();
    work();
  }
  std::mutex mutex;
  std::condition_variable arrived;
  std::deque<std::function<void()>> posted;
  std::vector<std::function<void()>> timers;
  home_thread home;
};

// Starts a task without waiting for it.
struct starter {
  struct promise_type {
    starter get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { failed = true; }
    bool failed = false;
  };
  std::coroutine_handle<promise_type> coroutine;
};
starter start(task<> work) { co_await work; }

task<> wait_for(std::latch& begun, std::latch& release, std::atomic<bool>& ended) {
  auto work = [&] {
    begun.count_down();
    release.wait();
    ended = true;
  };
  co_await offload(work);
}

TEST(workers, a_task_given_up_waits_for_the_work_that_refers_to_it) {
  worker_pool pool(1, 10);
  hand_loop loop(pool);
  const home_scope here(loop.home);
  std::latch begun(1), release(1);
  std::atomic<bool> ended = false;
  auto running = start(wait_for(begun, release, ended));
  begun.wait();
  std::thread later([&] {
    std::this_thread::sleep_for(20ms);
    release.count_down();
  });
  running.coroutine.destroy();
  EXPECT_TRUE(ended);
  later.join();
  loop.run_one();  // What the worker has posted finds nobody.
}

TEST(workers, work_that_has_not_begun_is_taken_back) {
  worker_pool pool(1, 10);
  hand_loop loop(pool);
  const home_scope here(loop.home);
  std::latch begun(1), release(1), never(1);
  std::atomic<bool> ended = false, other_ended = false;
  auto first = start(wait_for(begun, release, ended));
  begun.wait();
  auto second = start(wait_for(never, release, other_ended));
  second.coroutine.destroy();
  release.count_down();
  loop.run_one();
  EXPECT_TRUE(first.coroutine.done());
  first.coroutine.destroy();
  pool.stop();
  EXPECT_FALSE(other_ended);
}

TEST(workers, a_pool_that_stops_ends_what_runs_and_refuses_what_waits) {
  worker_pool pool(1, 10);
  hand_loop loop(pool);
  const home_scope here(loop.home);
  std::latch begun(1), release(1), never(1);
  std::atomic<bool> ended = false, other_ended = false;
  auto first = start(wait_for(begun, release, ended));
  begun.wait();
  auto second = start(wait_for(never, release, other_ended));
  release.count_down();
  pool.stop();
  pool.stop();
  loop.run_one();
  loop.run_one();
  EXPECT_TRUE(first.coroutine.done());
  EXPECT_FALSE(first.coroutine.promise().failed);
  EXPECT_TRUE(second.coroutine.done());
  auto third = start(wait_for(never, release, other_ended));
  EXPECT_TRUE(third.coroutine.promise().failed);
  for (auto& each : {first, second, third}) each.coroutine.destroy();
}

task<> nap() { co_await sleep(1h); }

TEST(workers, a_sleep_given_up_is_not_woken) {
  worker_pool pool(1, 1);
  hand_loop loop(pool);
  const home_scope here(loop.home);
  auto sleeping = start(nap());
  auto given_up = start(nap());
  ASSERT_EQ(loop.timers.size(), 2U);
  given_up.coroutine.destroy();
  for (auto& timer : loop.timers) timer();
  EXPECT_TRUE(sleeping.coroutine.done());
  sleeping.coroutine.destroy();
}

TEST(workers, waiting_on_a_thread_that_serves_nobody_is_an_error_not_a_hang) {
  auto lost = start(nap());
  EXPECT_TRUE(lost.coroutine.promise().failed);
  lost.coroutine.destroy();
}

TEST(workers, many_clients_share_an_app) {
  app service;
  std::atomic<int> served = 0;
  service.get("/blocking/{n}", blocking([&](int n) { return ++served, std::to_string(n); }));
  service.get("/plain/{n}", [&](int n) { return ++served, std::to_string(n); });
  service.freeze();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      test_client client(service);
      for (int i = 0; i < 200; ++i) {
        const auto n = std::to_string(i);
        EXPECT_EQ(client.get((i % 2 == 0 ? "/blocking/" : "/plain/") + n).body, n);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(served, 800);
}

}  // namespace
}  // namespace mutual
