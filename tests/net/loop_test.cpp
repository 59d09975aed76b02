#include "net/loop.hpp"

#include "net/signals.hpp"
#include "net/socket.hpp"

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

// Two ends of a connection; the first is on the loop.
struct pair_of_ends {
  explicit pair_of_ends(loop& on) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error("");
    mine = std::make_unique<socket>(on, descriptor(ends[0]));
    other = descriptor(ends[1]);
  }
  std::unique_ptr<socket> mine;
  descriptor other;
};

task<> wait_for_reading(socket& one, wait_status& ended) { ended = co_await one.readable(); }

task<> wait_twice(socket& one, std::vector<wait_status>& ended) {
  ended.push_back(co_await one.readable());
  ended.push_back(co_await one.readable());
}

TEST(socket, waits_until_it_can_be_read) {
  loop on;
  const pair_of_ends ends(on);
  auto ended = wait_status::cancelled;
  on.spawn(wait_for_reading(*ends.mine, ended));
  on.post([&] { ASSERT_EQ(::write(ends.other.get(), "x", 1), 1); });
  on.run_until_idle();
  EXPECT_EQ(ended, wait_status::ready);
}

TEST(socket, wait_ends_at_the_deadline_and_not_before) {
  loop on;
  const pair_of_ends ends(on);
  std::vector<wait_status> ended;
  const auto began = clock::now();
  ends.mine->set_deadline(milliseconds(150));
  on.spawn(wait_twice(*ends.mine, ended));
  on.run_until_idle();
  EXPECT_GE(clock::now() - began, milliseconds(150));
  // The deadline holds for every later wait, too, until it is set anew.
  EXPECT_THAT(ended, testing::ElementsAre(wait_status::timed_out, wait_status::timed_out));
}

TEST(socket, wait_is_not_ended_by_a_deadline_that_was_cleared) {
  loop on;
  const pair_of_ends ends(on);
  auto ended = wait_status::cancelled;
  ends.mine->set_deadline(milliseconds(50));
  on.spawn(wait_for_reading(*ends.mine, ended));
  ends.mine->clear_deadline();
  on.after(milliseconds(400), [&] { ASSERT_EQ(::write(ends.other.get(), "x", 1), 1); });
  on.run_until_idle();
  EXPECT_EQ(ended, wait_status::ready);
}

TEST(socket, that_is_cancelled_ends_this_wait_and_every_later_one) {
  loop on;
  const pair_of_ends ends(on);
  std::vector<wait_status> ended;
  on.spawn(wait_twice(*ends.mine, ended));
  on.post([&] { ends.mine->cancel(); });
  on.run_until_idle();
  EXPECT_THAT(ended, testing::ElementsAre(wait_status::cancelled, wait_status::cancelled));
}

TEST(socket, whose_other_end_has_gone_is_ready) {
  loop on;
  pair_of_ends ends(on);
  auto ended = wait_status::cancelled;
  on.spawn(wait_for_reading(*ends.mine, ended));
  on.post([&] { ends.other.reset(); });
  on.run_until_idle();
  EXPECT_EQ(ended, wait_status::ready);
}

}  // namespace
}  // namespace mutual::net
