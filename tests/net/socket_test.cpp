#include "net/socket.hpp"

#include "net/loop.hpp"
#include "net/pair_of_ends.hpp"

#include <array>
#include <cerrno>
#include <sys/mman.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace mutual::net {
namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

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

TEST(socket, that_has_what_it_waited_for_is_not_late_because_its_turn_comes_after_the_deadline) {
  loop on;
  const pair_of_ends ends(on);
  const pair_of_ends slow(on);
  std::vector<wait_status> heard;
  const auto listen = [&]() -> task<> {
    for (int count = 0; count < 2; ++count) {
      const auto woken = co_await ends.mine->readable();
      heard.push_back(woken);
      std::array<char, 8> buffer{};
      while (ends.mine->receive(buffer) > 0) {
      }
    }
  };
  // It stands in line before the other, and meanwhile the deadline passes and is noticed.
  const auto take_long = [&]() -> task<> {
    for (int turn = 0; turn < 3; ++turn) {
      (void)co_await slow.mine->readable();
      std::this_thread::sleep_for(milliseconds(100));
    }
  };
  slow.mine->stand_behind(true);
  ends.mine->stand_behind(true);
  ends.mine->set_deadline(milliseconds(50));
  ASSERT_EQ(::write(slow.other.get(), "x", 1), 1);
  ASSERT_EQ(::write(ends.other.get(), "x", 1), 1);
  on.spawn(take_long());
  on.spawn(listen());
  on.run_until_idle();
  EXPECT_THAT(heard, testing::ElementsAre(wait_status::ready, wait_status::timed_out));
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

// Reads as whoever reads does: all there is, then a wait; notes each read. Ends with the connection.
task<> read_all(socket& one, std::size_t at_once, std::vector<std::string>& pieces) {
  std::string buffer(at_once, '.');
  for (;;) {
    const auto got = one.receive(buffer);
    if (got > 0) {
      pieces.emplace_back(buffer, 0, static_cast<std::size_t>(got));
      continue;
    }
    if (got == 0) {
      pieces.emplace_back("end");
      co_return;
    }
    const auto woken = co_await one.readable();
    if (woken != wait_status::ready) co_return;
  }
}

TEST(socket, gives_the_last_bytes_and_then_the_end_also_if_both_come_at_once) {
  loop on;
  pair_of_ends ends(on);
  std::vector<std::string> pieces;
  on.spawn(read_all(*ends.mine, 100, pieces));
  on.post([&] {
    ASSERT_EQ(::write(ends.other.get(), "last", 4), 4);
    ends.other.reset();
  });
  on.run_until_idle();
  EXPECT_THAT(pieces, testing::ElementsAre("last", "end"));
}

task<> take_one_byte_a_wait(socket& one, std::string& taken) {
  for (int count = 0; count < 3; ++count) {
    const auto woken = co_await one.readable();
    if (woken != wait_status::ready) co_return;
    char byte = 0;
    if (one.receive({&byte, 1}) == 1) taken += byte;
  }
}

TEST(socket, is_ready_as_long_as_something_is_left) {
  loop on;
  const pair_of_ends ends(on);
  std::string taken;
  ends.mine->set_deadline(std::chrono::seconds(5));
  on.spawn(take_one_byte_a_wait(*ends.mine, taken));
  on.post([&] { ASSERT_EQ(::write(ends.other.get(), "abc", 3), 3); });
  on.run_until_idle();
  EXPECT_EQ(taken, "abc");
}

TEST(socket, knows_when_there_is_nothing_to_receive) {
  loop on;
  const pair_of_ends ends(on);
  ASSERT_EQ(::write(ends.other.get(), "abc", 3), 3);
  std::array<char, 3> buffer{};
  EXPECT_TRUE(ends.mine->may_receive());
  EXPECT_EQ(ends.mine->receive(buffer), 3);
  EXPECT_TRUE(ends.mine->may_receive()) << "all that was asked for came: there may be more";
  EXPECT_EQ(ends.mine->receive(buffer), -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_FALSE(ends.mine->may_receive());
}

TEST(socket, writes_all_as_the_other_end_makes_room) {
  loop on;
  const pair_of_ends ends(on);
  const std::string whole(3 * 1024 * 1024, 'w');
  std::size_t written = 0;
  std::size_t read = 0;
  const auto write = [&]() -> task<> {
    while (written < whole.size()) {
      const auto sent = ends.mine->send(std::string_view(whole).substr(written));
      if (sent > 0) {
        written += static_cast<std::size_t>(sent);
        continue;
      }
      const auto woken = co_await ends.mine->writable();
      if (woken != wait_status::ready) co_return;
    }
  };
  std::function<void()> drain = [&] {
    std::array<char, 65536> buffer;
    for (ssize_t got = 0; (got = ::read(ends.other.get(), buffer.data(), buffer.size())) > 0;) {
      read += static_cast<std::size_t>(got);
    }
    if (read < whole.size()) on.after(milliseconds(1), drain);
  };
  ends.mine->set_deadline(std::chrono::seconds(5));
  on.spawn(write());
  on.after(milliseconds(1), drain);
  on.run_until_idle();
  EXPECT_EQ(written, whole.size());
  EXPECT_EQ(read, whole.size());
}

TEST(socket, has_its_share_of_a_turn_in_calls_as_well_as_in_bytes) {
  loop on;
  const pair_of_ends ends(on);
  std::vector<int> in_a_turn;
  const auto write_small = [&]() -> task<> {
    for (int turn = 0; turn < 2; ++turn) {
      int count = 0;
      while (count < 10'000 && ends.mine->send("x") == 1) ++count;
      in_a_turn.push_back(count);
      EXPECT_TRUE(ends.mine->has_had_its_share());
      std::string drop(10'000, '.');
      while (::read(ends.other.get(), drop.data(), drop.size()) > 0) {
      }
      (void)co_await ends.mine->writable();
      EXPECT_FALSE(ends.mine->has_had_its_share());
    }
  };
  ends.mine->set_deadline(std::chrono::seconds(5));
  on.spawn(write_small());
  on.run_until_idle();
  EXPECT_THAT(in_a_turn, testing::ElementsAre(128, 128));
}

TEST(socket, that_the_kernel_cannot_watch_ends_its_wait) {
  // epoll does not take plain files; a full table of watches fails the same way.
  descriptor file(::memfd_create("no socket", MFD_CLOEXEC));
  loop on;
  socket one(on, std::move(file));
  std::vector<wait_status> ended;
  on.spawn(wait_twice(one, ended));
  on.run_until_idle();
  EXPECT_THAT(ended, testing::ElementsAre(wait_status::cancelled, wait_status::cancelled));
}

TEST(socket, may_go_while_news_of_it_is_on_its_way) {
  loop on;
  pair_of_ends first(on);
  pair_of_ends second(on);
  bool second_woke = false;
  const auto wait_for_second = [&]() -> task<> {
    (void)co_await second.mine->readable();
    second_woke = true;
  };
  const auto end_second = [&]() -> task<> {
    (void)co_await first.mine->readable();
    second.mine->cancel();
  };
  on.spawn(wait_for_second());
  on.spawn(end_second());
  on.post([&] {
    ASSERT_EQ(::write(second.other.get(), "x", 1), 1);
    ASSERT_EQ(::write(first.other.get(), "x", 1), 1);
  });
  on.run_until_idle();
  EXPECT_TRUE(second_woke);
  second.mine.reset();
  ASSERT_EQ(::write(first.other.get(), "y", 1), 1);
  on.after(milliseconds(5), [] {});
  on.run_until_idle();
}

}  // namespace
}  // namespace mutual::net
