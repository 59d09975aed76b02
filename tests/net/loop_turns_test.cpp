// Whose turn it is on a loop with much to do.

#include "net/loop.hpp"
#include "net/pair_of_ends.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

namespace mutual::net {
namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

TEST(loop_turns, a_socket_that_is_never_empty_leaves_the_others_their_turn) {
  loop on;
  const pair_of_ends flooded(on);
  const pair_of_ends quiet(on);
  const std::string block(64 * 1024, '.');
  bool flooding = true;
  std::size_t received = 0;
  // Whatever is read is there again at once.
  const auto refill = [&] {
    while (::write(flooded.other.get(), block.data(), block.size()) > 0) {
    }
  };
  const auto drink = [&]() -> task<> {
    std::string buffer(4096, '.');
    while (flooding) {
      const auto got = flooded.mine->receive(buffer);
      if (got > 0) {
        received += static_cast<std::size_t>(got);
        refill();
        continue;
      }
      const auto woken = co_await flooded.mine->readable();
      if (woken != wait_status::ready) co_return;
    }
  };
  const auto listen = [&]() -> task<> {
    (void)co_await quiet.mine->readable();
    flooding = false;
  };
  refill();
  ASSERT_EQ(::write(quiet.other.get(), "x", 1), 1);
  on.spawn(listen());
  on.spawn(drink());
  on.run_until_idle();
  EXPECT_FALSE(flooding);
  EXPECT_LE(received, std::size_t{4} * 1024 * 1024);
}

// Waits for a byte, takes a while over it, and tells.
task<> take_a_while(socket& one, std::function<void()> done) {
  (void)co_await one.readable();
  const auto until = clock::now() + milliseconds(1);
  while (clock::now() < until) {
  }
  done();
}

// So many that stand behind, each with a byte to take a while over.
std::vector<std::unique_ptr<pair_of_ends>> crowd_behind(loop& on, int size, const std::function<void()>& done) {
  std::vector<std::unique_ptr<pair_of_ends>> crowd;
  for (int at = 0; at < size; ++at) {
    crowd.push_back(std::make_unique<pair_of_ends>(on));
    crowd.back()->mine->stand_behind(true);
    on.spawn(take_a_while(*crowd.back()->mine, done));
    EXPECT_EQ(::write(crowd.back()->other.get(), "x", 1), 1);
  }
  return crowd;
}

TEST(loop_turns, a_socket_that_stands_behind_has_its_turn_after_the_others_and_in_between_they_have_theirs) {
  loop on;
  const pair_of_ends asks(on);
  std::string order;
  int answered = 0;
  const auto answer = [&]() -> task<> {
    std::array<char, 1> buffer{};
    while (answered < 2) {
      (void)co_await asks.mine->readable();
      if (asks.mine->receive(buffer) <= 0) continue;
      order += 'a';
      ++answered;
    }
  };
  // The first of the crowd to be seen to makes the other ask once more.
  const auto seen = [&] {
    if (order.find('c') == std::string::npos) (void)::write(asks.other.get(), "x", 1);
    order += 'c';
  };
  // More than one look at the kernel's news brings.
  const auto crowd = crowd_behind(on, 300, seen);
  on.spawn(answer());
  ASSERT_EQ(::write(asks.other.get(), "x", 1), 1);
  on.run_until_idle();
  EXPECT_EQ(order.substr(0, 3), "aca");
  EXPECT_EQ(order.size(), 302U);
}

TEST(loop_turns, a_socket_that_stands_behind_has_as_much_time_as_those_who_never_rest) {
  loop on;
  const pair_of_ends restless(on);
  bool over = false;
  int turns = 0;
  const auto never_rest = [&]() -> task<> {
    while (!over) {
      (void)co_await restless.mine->readable();  // nobody takes what is there
      const auto until = clock::now() + milliseconds(2);
      while (clock::now() < until) {
      }
      ++turns;
    }
  };
  int seen = 0;
  const auto crowd = crowd_behind(on, 50, [&] { over = ++seen == 50; });
  on.spawn(never_rest());
  ASSERT_EQ(::write(restless.other.get(), "x", 1), 1);
  on.run_until_idle();
  EXPECT_EQ(seen, 50);
  EXPECT_LT(turns, 48)
      << "50 ms were wanted, and 2 of them are left by each turn; one alone for each turn was not enough";
}

TEST(loop_turns, a_socket_that_stands_behind_has_as_much_time_as_those_who_yield_again_and_again) {
  loop on;
  bool over = false;
  int naps = 0;
  const auto yield_again = [&]() -> task<> {
    while (!over) {
      const auto until = clock::now() + milliseconds(1);
      while (clock::now() < until) {
      }
      ++naps;
      auto others = on.yield();
      co_await others;
    }
  };
  int seen = 0;
  const auto crowd = crowd_behind(on, 50, [&] { over = ++seen == 50; });
  for (int at = 0; at < 20; ++at) on.spawn(yield_again());
  on.run_until_idle();
  EXPECT_EQ(seen, 50);
  EXPECT_LT(naps, 300)
      << "50 ms were wanted, and 20 of them are left by each turn of the others; one alone was not enough";
}

TEST(loop_turns, a_socket_that_stands_behind_and_is_ready_again_goes_on_within_the_same_turn) {
  loop on;
  const pair_of_ends restless(on);
  const pair_of_ends door(on);
  bool over = false;
  int turns = 0;
  int knocks = 0;
  const auto never_rest = [&]() -> task<> {
    while (!over) {
      (void)co_await restless.mine->readable();
      const auto until = clock::now() + milliseconds(1);
      while (clock::now() < until) {
      }
      ++turns;
    }
  };
  // As who accepts does: one at a time, and each costs next to nothing.
  const auto open_the_door = [&]() -> task<> {
    std::array<char, 1> one{};
    while (knocks < 200) {
      (void)co_await door.mine->readable();
      if (door.mine->receive(one) == 1) ++knocks;
    }
    over = true;
  };
  door.mine->stand_behind(true);
  ASSERT_EQ(::write(door.other.get(), std::string(200, 'x').data(), 200), 200);
  ASSERT_EQ(::write(restless.other.get(), "x", 1), 1);
  on.spawn(open_the_door());
  on.spawn(never_rest());
  on.run_until_idle();
  EXPECT_LT(turns, 50);
}

}  // namespace
}  // namespace mutual::net
