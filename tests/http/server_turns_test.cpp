// How long what one client asks for goes on before another on its thread is served: counted, not timed.
#include "http/one_thread.hpp"

#include <mutual/tunnel.hpp>

namespace mutual::test {
namespace {

TEST_F(one_thread, is_not_kept_by_a_body_of_very_many_small_pieces) {
  greedy_ = [this] {
    response made(200);
    made.source = [this, left = 100'000]() mutable -> task<std::optional<std::string>> {
      if (left == 100'000) wait_for_other();
      if (left-- == 0) co_return std::nullopt;
      ++steps_;
      co_return std::string("x");
    };
    return made;
  };
  const service running(options_);
  plain_connection other(running.port());
  plain_connection greedy(running.port());
  greedy.write(get_request("/greedy"));
  const int before = steps_before(other);
  EXPECT_GE(before, 0);
  EXPECT_LE(before, 64);
  EXPECT_EQ(greedy.read_answer().body, std::string(100'000, 'x'));
}

TEST_F(one_thread, is_not_kept_by_pieces_that_take_long_to_make) {
  greedy_ = [this] {
    response made(200);
    made.source = [this, left = 100]() mutable -> task<std::optional<std::string>> {
      if (left == 100) wait_for_other();
      if (left-- == 0) co_return std::nullopt;
      std::this_thread::sleep_for(milliseconds(2));
      ++steps_;
      co_return std::string("x");
    };
    return made;
  };
  const service running(options_);
  plain_connection other(running.port());
  plain_connection greedy(running.port());
  greedy.write(get_request("/greedy"));
  const int before = steps_before(other);
  EXPECT_GE(before, 0);
  EXPECT_LE(before, 8);
  EXPECT_EQ(greedy.read_answer().body, std::string(100, 'x'));
}

TEST_F(one_thread, is_not_kept_by_a_tunnel_that_has_much_to_answer) {
  constexpr int most = 100'000;
  greedy_ = [this] {
    response made(101);
    made.headers.set("Upgrade", "echo");
    made.takeover = [this](tunnel& under) -> task<> {
      wait_for_other();
      for (int left = most; left > 0; --left) {
        const bool sent = co_await under.write("x");
        if (!sent) break;
        ++steps_;
      }
    };
    return made;
  };
  const service running(options_);
  plain_connection other(running.port());
  plain_connection greedy(running.port());
  greedy.write(get_request("/greedy", upgrade));
  const int before = steps_before(other);
  EXPECT_GE(before, 0);
  EXPECT_LE(before, 64);
  EXPECT_EQ(greedy.read_answer().status, 101);
  EXPECT_EQ(greedy.read_to_end(), std::string(most, 'x'));
}

TEST_F(one_thread, is_not_kept_by_a_tunnel_through_which_very_many_records_come) {
  const server_files files(make_pki());
  options_.tls = files.config(tls::client_auth::none);
  greedy_ = [this] {
    response made(101);
    made.headers.set("Upgrade", "echo");
    made.takeover = [this](tunnel& under) -> task<> {
      for (;;) {
        const auto came = co_await under.read();
        if (came.what == tunnel::news::ended) co_return;
        if (steps_++ == 0) wait_for_other();
      }
    };
    return made;
  };
  const service running(options_);
  tls_connection other(running.port(), {});
  tls_connection greedy(running.port(), {});
  ASSERT_TRUE(other.ask("/first"));
  ASSERT_TRUE(greedy.write(get_request("/greedy", upgrade)));
  for (int count = 0; count < 2000; ++count) ASSERT_TRUE(greedy.write("x"));
  const int before = steps_before(other);
  EXPECT_GE(before, 1);
  EXPECT_LE(before, 64);
}

TEST_F(one_thread, is_not_kept_by_a_source_that_gives_nothing_very_often) {
  greedy_ = [this] { return in_pieces(100'000, ""); };
  options_.turn = std::chrono::hours(1);
  const service running(options_);
  plain_connection other(running.port());
  plain_connection greedy(running.port());
  greedy.write(get_request("/greedy"));
  const int before = steps_before(other);
  EXPECT_GE(before, 1);
  EXPECT_LE(before, 64);
  EXPECT_EQ(greedy.read_answer().status, 200);
}

}  // namespace
}  // namespace mutual::test
