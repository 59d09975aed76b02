// What a client has sent over a WebSocket before it was sent away, and what becomes of it.
#include "app/running_app.hpp"
#include "support/captured_log.hpp"
#include "support/h2_client.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <mutual/mutual.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A message of a byte, masked with zeros.
const std::string message("\x81\x81\0\0\0\0x", 7);

// Every WebSocket's handler deals with its first message until the certificates of all have ended.
class who_was_sent_away : public testing::Test {
 protected:
  static constexpr std::size_t most = 4;

  who_was_sent_away() {
    served_.log_to([to = log_.to()](std::string_view line) { to.info(line); });
    for (std::size_t which = 0; which < most; ++which) {
      served_.get("/" + std::to_string(which), [this, which](const request& asked) {
        return accept_websocket(asked, [this, which](websocket& socket) { return talk(socket, which); });
      });
    }
    running_.emplace(served_, files_.config(tls::client_auth::required));
  }

  task<> talk(websocket& socket, std::size_t which) {
    for (;;) {
      const auto came = co_await socket.receive();
      if (!came) break;
      if (messages_[which]++ > 0) continue;
      ++begun_;
      for (int count = 0; count < 1000 && log_.count("expired: ") < most; ++count) co_await sleep(milliseconds(20));
      // Whatever follows from that has followed.
      co_await sleep(milliseconds(200));
    }
    ++ended_;
  }

  client_options short_lived() const {
    auto spec = client_spec();
    spec.ends_in = seconds(4);
    return {.chain = {issue(files_.people().intermediate, spec), files_.people().intermediate},
            .server_name = "localhost"};
  }
  static std::string upgrade(const std::string& target) {
    return get_request(target,
                       "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n");
  }
  static std::uint32_t open(h2_client& client, const std::string& target) {
    EXPECT_TRUE(client.read_until([&] { return client.setting(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1; }));
    const auto id =
        client.begin(request_fields("CONNECT", target, {{":protocol", "websocket"}, {"sec-websocket-version", "13"}}));
    EXPECT_TRUE(client.read_until([&] { return client.answer(id).status != 0; }));
    return id;
  }
  static bool become(const std::atomic<std::size_t>& count) {
    for (int tries = 0; tries < 1500 && count < most; ++tries) std::this_thread::sleep_for(milliseconds(10));
    return count == most;
  }

  captured_log log_;
  server_files files_{make_pki()};
  app served_;
  std::array<std::atomic<int>, most> messages_{};
  std::atomic<std::size_t> begun_{0};
  std::atomic<std::size_t> ended_{0};
  std::optional<running_app> running_;  // ends before what it uses
};

TEST_F(who_was_sent_away, has_nothing_dealt_with_that_came_before_whether_it_was_read_by_then_or_not) {
  const auto who = short_lived();
  tls_connection together(running_->port(), who), after(running_->port(), who);
  h2_client together_h2(running_->port(), who), after_h2(running_->port(), who);
  ASSERT_TRUE(together.write(upgrade("/0")));
  ASSERT_EQ(status_of(together.read_some()), 101);
  ASSERT_TRUE(after.write(upgrade("/1")));
  ASSERT_EQ(status_of(after.read_some()), 101);
  const auto with = open(together_h2, "/2"), behind = open(after_h2, "/3");
  ASSERT_TRUE(together.write(message + message + message));
  ASSERT_TRUE(after.write(message));
  together_h2.send_body(with, message + message + message, false);
  after_h2.send_body(behind, message, false);
  ASSERT_TRUE(become(begun_));
  ASSERT_TRUE(after.write(message + message));
  after_h2.send_body(behind, message + message, false);
  ASSERT_TRUE(become(ended_));
  ASSERT_EQ(log_.count("expired: "), most);
  for (std::size_t which = 0; which < most; ++which) EXPECT_EQ(messages_[which], 1) << which;
}

}  // namespace
}  // namespace mutual::test
