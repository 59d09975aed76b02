// How long what one client asks for goes on before another on its thread is served: counted, not timed.
#include "support/captured_log.hpp"
#include "support/h2_client.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <mutual/tunnel.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <thread>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;

// Waits on the thread that serves, which no handler should: here it makes sure that all that is sent has come.
void hold_until(const std::atomic<bool>& opened) {
  for (int count = 0; !opened && count < 1000; ++count) std::this_thread::sleep_for(milliseconds(10));
}

// A server of one thread. What `greedy` asks for begins, and waits on the thread, until the other's request is there.
class one_thread : public testing::Test {
 protected:
  one_thread() {
    options_.answer = [this](request& asked, http::answer_notes&) -> task<response> {
      if (asked.target == "/greedy") co_return greedy_();
      if (asked.target == "/other") steps_before_ = steps_.load();
      co_return response(200, "");
    };
  }
  // To be called once, where what is greedy begins.
  void wait_for_other() {
    begun_ = true;
    hold_until(opened_);
  }
  // How many steps the greedy one's work made before the other was answered.
  template <class Connection>
  int steps_before(Connection& other) {
    hold_until(begun_);
    other.write(get_request("/other"));
    opened_ = true;
    (void)other.read_answer();
    return steps_before_;
  }
  // How many of twenty requests that one client of HTTP/2 has sent together were answered before the other was, where
  // one connection has its turn for so long.
  int answered_before(milliseconds turn) {
    const server_files files(make_pki());
    options_.tls = files.config(tls::client_auth::none);
    options_.turn = turn;
    greedy_ = [this] {
      if (steps_++ == 0) wait_for_other();
      return response(200, "");
    };
    const service running(options_);
    tls_connection other(running.port(), {});
    h2_client greedy(running.port(), {});
    if (!other.ask("/first")) return -1;
    std::string all;
    for (std::uint32_t count = 0; count < 20; ++count) {
      all += h2_request(2 * count + 1, request_fields("GET", "/greedy"));
    }
    if (!greedy.write(all)) return -1;
    return steps_before(other);
  }
  static constexpr const char* upgrade = "Connection: upgrade\r\nUpgrade: echo\r\n";

  captured_log log_;
  http::server_options options_ = options_for(log_);
  std::function<response()> greedy_;
  std::atomic<int> steps_{0};

 private:
  std::atomic<bool> begun_{false};
  std::atomic<bool> opened_{false};
  std::atomic<int> steps_before_{-1};
};

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

TEST_F(one_thread, goes_on_with_what_came_together_over_http_2_while_that_one_has_its_turn) {
  EXPECT_EQ(answered_before(std::chrono::hours(1)), 20);
}

TEST_F(one_thread, is_not_kept_by_what_came_together_over_http_2_when_that_one_has_had_its_time) {
  const int before = answered_before(milliseconds(0));
  EXPECT_GE(before, 1);
  EXPECT_LE(before, 2);
}

}  // namespace
}  // namespace mutual::test
