// How long the messages that one client has sent together are dealt with before another is served: counted, not timed.
#include "app/running_app.hpp"
#include "support/captured_log.hpp"
#include "support/h2_client.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <mutual/mutual.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

namespace mutual::test {
namespace {

constexpr int most = 9'000;

// So many messages of a byte, masked with zeros: less than a stream of HTTP/2 has room for at first.
std::string very_many_messages() {
  std::string all;
  for (int count = 0; count < most; ++count) all.append("\x81\x81\0\0\0\0x", 7);
  return all;
}

std::string goodbye() { return std::string("\x88\x80\0\0\0\0", 6); }

void hold_until(const std::atomic<bool>& holds) {
  for (int count = 0; !holds && count < 1000; ++count) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

// A service of one thread. The first message waits on it until the other's request is there.
class websocket_turns : public testing::Test {
 protected:
  websocket_turns() {
    served_.log_to([to = log_.to()](std::string_view line) { to.info(line); });
    served_.get("/first", [] { return "ok"; });
    served_.get("/other", [this] {
      before_ = messages_.load();
      return "ok";
    });
    served_.get("/greedy", [this](const request& asked) {
      return accept_websocket(asked, [this](websocket& socket) -> task<> {
        while (const auto message = co_await socket.receive()) {
          if (messages_++ > 0) continue;
          begun_ = true;
          hold_until(opened_);
        }
      });
    });
    running_.emplace(served_, files_.config(tls::client_auth::none));
  }
  // How many messages were dealt with before the other was answered.
  int messages_before(tls_connection& other) {
    hold_until(begun_);
    other.write(get_request("/other"));
    opened_ = true;
    (void)other.read_answer();
    return before_;
  }

  captured_log log_;
  server_files files_{make_pki()};
  app served_;
  std::atomic<int> messages_{0};

 private:
  std::atomic<bool> begun_{false};
  std::atomic<bool> opened_{false};
  std::atomic<int> before_{-1};

 protected:
  std::optional<running_app> running_;  // ends before what it uses
};

TEST_F(websocket_turns, end_after_some_of_very_many_messages_that_came_together) {
  tls_connection other(running_->port(), {});
  tls_connection greedy(running_->port(), {});
  ASSERT_TRUE(other.ask("/first"));
  ASSERT_TRUE(greedy.write(get_request("/greedy",
                                       "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                       "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n")));
  ASSERT_EQ(status_of(greedy.read_some()), 101);
  ASSERT_TRUE(greedy.write(very_many_messages() + goodbye()));
  const int before = messages_before(other);
  EXPECT_GE(before, 1);
  EXPECT_LE(before, 128);
  EXPECT_EQ(greedy.read_to_end().substr(0, 1), "\x88");
  EXPECT_EQ(messages_, most);
}

TEST_F(websocket_turns, end_after_some_of_very_many_messages_that_came_together_over_http_2) {
  tls_connection other(running_->port(), {});
  h2_client greedy(running_->port(), {});
  ASSERT_TRUE(other.ask("/first"));
  ASSERT_TRUE(greedy.read_until([&] { return greedy.setting(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1; }));
  const auto id =
      greedy.begin(request_fields("CONNECT", "/greedy", {{":protocol", "websocket"}, {"sec-websocket-version", "13"}}));
  ASSERT_TRUE(greedy.read_until([&] { return greedy.answer(id).status != 0; }));
  ASSERT_EQ(greedy.answer(id).status, 200);
  greedy.send_body(id, very_many_messages() + goodbye(), false);
  const int before = messages_before(other);
  EXPECT_GE(before, 1);
  EXPECT_LE(before, 128);
  EXPECT_EQ(greedy.wait_for(id).body.substr(0, 1), "\x88");
  EXPECT_EQ(messages_, most);
}

}  // namespace
}  // namespace mutual::test
