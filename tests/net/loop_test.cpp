#include "net/loop.hpp"

#include "net/signals.hpp"

#include <atomic>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>

namespace mutual::net {
namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

TEST(loop, runs_what_is_posted_from_other_threads_on_its_own) {
  loop on;
  std::thread::id ran_on;
  std::thread worker([&] { on.run(); });
  const auto worker_id = worker.get_id();
  std::atomic<int> count{0};
  for (int at = 0; at < 1000; ++at) {
    on.post([&] {
      ran_on = std::this_thread::get_id();
      ++count;
    });
  }
  on.post([&on] { on.stop(); });
  worker.join();
  EXPECT_EQ(count.load(), 1000);
  EXPECT_EQ(ran_on, worker_id);
}

TEST(loop, runs_what_is_posted_in_order) {
  loop on;
  std::vector<int> order;
  for (int at = 0; at < 5; ++at) on.post([&order, at] { order.push_back(at); });
  on.run_until_idle();
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3, 4));
}

TEST(loop, may_be_run_again_after_it_was_stopped) {
  loop on;
  int count = 0;
  for (int round = 0; round < 2; ++round) {
    on.post([&] {
      ++count;
      on.stop();
    });
    on.run();
  }
  EXPECT_EQ(count, 2);
}

TEST(loop, runs_work_after_a_while_and_in_the_order_of_time) {
  loop on;
  std::vector<int> order;
  const auto began = clock::now();
  on.after(milliseconds(60), [&] { order.push_back(2); });
  on.after(milliseconds(20), [&] { order.push_back(1); });
  on.run_until_idle();
  EXPECT_GE(clock::now() - began, milliseconds(60));
  EXPECT_THAT(order, testing::ElementsAre(1, 2));
}

TEST(loop, that_is_destroyed_drops_what_was_still_to_come) {
  const auto held = std::make_shared<int>(7);
  bool ran = false;
  {
    loop on;
    on.after(std::chrono::hours(1), [held, &ran] { ran = true; });
    on.post([held, &ran] { ran = true; });
  }
  EXPECT_FALSE(ran);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(signal_gate, gives_a_signal_to_whoever_waits_and_opens_when_asked) {
  signal_gate gate({SIGUSR2});
  ::kill(::getpid(), SIGUSR2);
  EXPECT_EQ(gate.wait(), SIGUSR2);
  std::thread opener([&gate] { gate.open(); });
  EXPECT_EQ(gate.wait(), std::nullopt);
  opener.join();
}

TEST(loop, is_stopped_from_another_thread_while_it_waits) {
  loop on;
  std::thread worker([&] { on.run(); });
  std::this_thread::sleep_for(milliseconds(30));
  on.stop();
  worker.join();
}

TEST(loop, goes_on_after_work_that_threw) {
  loop on;
  bool ran = false;
  on.after(milliseconds(1), [] { throw std::runtime_error("oh"); });
  on.after(milliseconds(2), [&] { ran = true; });
  EXPECT_THROW(on.run_until_idle(), std::runtime_error);
  on.run_until_idle();
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace mutual::net
