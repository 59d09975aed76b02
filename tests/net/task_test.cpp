// task<>: the coroutine that everything waits with.
#include "net/loop.hpp"

#include <mutual/task.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace mutual {
namespace {

using std::chrono::milliseconds;

task<int> ready(int value) { co_return value; }

task<> nothing() { co_return; }

task<long> sum_of_ready(int count) {
  long sum = 0;
  for (int at = 0; at < count; ++at) sum += co_await ready(1);
  co_return sum;
}

// Gives the value of a task that never really waits.
template <class T>
T finished(task<T> work) {
  std::optional<T> value;
  net::loop on;
  const auto run = [](task<T> inner, std::optional<T>& into) -> task<> { into.emplace(co_await std::move(inner)); };
  on.spawn(run(std::move(work), value));
  on.run_until_idle();
  return std::move(*value);
}

TEST(task, a_million_ready_ones_in_a_loop_do_not_grow_the_stack) {
  EXPECT_EQ(finished(sum_of_ready(1'000'000)), 1'000'000);
}

task<int> depth(int left) {
  if (left == 0) co_return 0;
  const int below = co_await depth(left - 1);
  co_return below + 1;
}

TEST(task, may_await_another_that_awaits_another) { EXPECT_EQ(finished(depth(500)), 500); }

task<int> after_a_nap(net::loop& on, int value) {
  auto nap = on.sleep(milliseconds(1));
  co_await nap;
  co_return value;
}

task<int> sum_after_naps(net::loop& on) {
  int sum = 0;
  for (int at = 0; at < 20; ++at) {
    sum += co_await after_a_nap(on, at);
    sum += co_await ready(at);
  }
  co_return sum;
}

task<> store(task<int> work, int& into) { into = co_await std::move(work); }

TEST(task, may_wait_and_not_wait_in_turn) {
  net::loop on;
  int sum = 0;
  on.spawn(store(sum_after_naps(on), sum));
  EXPECT_EQ(sum, 0) << "it waits for the loop";
  on.run_until_idle();
  EXPECT_EQ(sum, 2 * 190);
}

task<int> throws(bool after_waiting, net::loop& on) {
  if (after_waiting) {
    auto nap = on.sleep(milliseconds(1));
    co_await nap;
  }
  throw std::runtime_error("torn");
}

task<int> passes_on(bool after_waiting, net::loop& on) {
  const int value = co_await throws(after_waiting, on);
  co_return value;
}

task<> catches(bool after_waiting, net::loop& on, std::string& caught) {
  try {
    const int value = co_await passes_on(after_waiting, on);
    caught = std::to_string(value);
  } catch (const std::runtime_error& thrown) {
    caught = thrown.what();
  }
  co_await nothing();
  caught += ", and went on";
}

TEST(task, passes_exceptions_to_whoever_awaits_it) {
  for (const bool after_waiting : {false, true}) {
    net::loop on;
    std::string caught;
    on.spawn(catches(after_waiting, on, caught));
    on.run_until_idle();
    EXPECT_EQ(caught, "torn, and went on");
  }
}

task<std::unique_ptr<int>> moved() { co_return std::make_unique<int>(7); }

TEST(task, gives_values_that_can_only_be_moved) { EXPECT_EQ(*finished(moved()), 7); }

task<> holds(std::shared_ptr<int> held, net::loop& on) {
  auto nap = on.sleep(std::chrono::hours(1));
  co_await nap;
  *held = 1;
}

TEST(task, that_is_never_awaited_or_destroyed_early_frees_what_it_holds) {
  const auto held = std::make_shared<int>(0);
  net::loop on;
  {
    auto never_started = holds(held, on);
    auto other = std::move(never_started);
    never_started = holds(held, on);
    EXPECT_EQ(held.use_count(), 3);
  }
  EXPECT_EQ(held.use_count(), 1);
}

// What g++ 12 compiles wrongly, and the way that it compiles rightly (docs/coroutines.md): named, then moved in.
struct aggregate {
  std::shared_ptr<int> counted;
  int number;
};

task<int> take(aggregate one) { co_return one.number + *one.counted; }
task<int> call(std::function<int()> work) { co_return work(); }

task<int> named_and_moved(std::shared_ptr<int> counted) {
  aggregate one{counted, 2};
  const int first = co_await take(std::move(one));
  auto closure = [counted] { return *counted; };
  const int second = co_await call(std::move(closure));
  co_return first + second;
}

TEST(task, takes_closures_and_aggregates_that_were_named_and_moved_in) {
  const auto counted = std::make_shared<int>(20);
  EXPECT_EQ(finished(named_and_moved(counted)), 42);
  EXPECT_EQ(counted.use_count(), 1);
}

}  // namespace
}  // namespace mutual
