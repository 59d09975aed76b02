// One WebSocket over a tunnel of the test's own making.
#include "app/websocket_session.hpp"

#include "app/workers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <coroutine>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mutual::detail {
namespace {

// A client's frame, masked with zeros: opcode, payload of at most 125 bytes.
std::string frame(unsigned opcode, const std::string& payload) {
  std::string out;
  out += static_cast<char>(0x80U | opcode);
  out += static_cast<char>(0x80U | payload.size());
  return out.append(4, '\0').append(payload);
}

std::string ping(const std::string& payload) { return frame(9, payload); }

// A server's frame of at most 125 bytes.
std::string sent_frame(unsigned opcode, const std::string& payload) {
  std::string out;
  out += static_cast<char>(0x80U | opcode);
  out += static_cast<char>(payload.size());
  return out + payload;
}

std::string pong(const std::string& payload) { return sent_frame(10, payload); }

class websocket_sessions : public testing::Test {
 protected:
  websocket_sessions() : lent_(home_) {
    home_.post = [this](std::function<void()> work) { posted_.push_back(std::move(work)); };
    under_.read = [this]() -> task<tunnel::arrival> {
      tunnel::arrival came;
      came.what = incoming_.empty() ? tunnel::news::ended : tunnel::news::bytes;
      if (!incoming_.empty()) came.bytes = std::move(incoming_.front());
      if (!incoming_.empty()) incoming_.pop_front();
      co_return came;
    };
    under_.write = [this](std::string bytes) -> task<bool> {
      writes_.push_back(std::move(bytes));
      co_return takes_;
    };
    under_.pause = [this]() -> task<bool> {
      ++pauses_;
      co_return open_;
    };
    under_.nudge = [] {};
    under_.stopping = [this] { return stopping_; };
  }
  // The next message; for work that nothing holds up.
  static std::optional<websocket_message> next(websocket_session& of) {
    auto work = of.receive();
    EXPECT_FALSE(work.await_suspend(std::noop_coroutine()));
    return work.await_resume();
  }

  home_thread home_;
  home_scope lent_;
  std::deque<std::function<void()>> posted_;
  std::deque<std::string> incoming_;
  std::vector<std::string> writes_;
  bool takes_ = true;
  int pauses_ = 0;
  bool open_ = true;
  bool stopping_ = false;
  tunnel under_;
};

TEST_F(websocket_sessions, answer_the_pings_that_one_read_has_brought_with_one_write) {
  std::string flood;
  std::string expected;
  for (int count = 0; count < 1000; ++count) {
    flood += ping(std::to_string(count));
    expected += pong(std::to_string(count));
  }
  incoming_ = {flood, ping("more")};
  websocket_session session(under_, {});
  EXPECT_FALSE(next(session));
  EXPECT_THAT(writes_, testing::ElementsAre(expected, pong("more")));
}

TEST_F(websocket_sessions, answer_a_ping_before_the_message_behind_it_is_handed_out) {
  incoming_ = {ping("a") + ping("b") + frame(1, "hello") + ping("c")};
  websocket_session session(under_, {});
  const auto came = next(session);
  ASSERT_TRUE(came);
  EXPECT_EQ(came->data, "hello");
  EXPECT_THAT(writes_, testing::ElementsAre(pong("a") + pong("b")));
  EXPECT_FALSE(next(session));
  EXPECT_THAT(writes_, testing::ElementsAre(pong("a") + pong("b"), pong("c")));
}

TEST_F(websocket_sessions, answer_a_ping_before_they_close) {
  incoming_ = {ping("a") + frame(8, std::string("\x03\xe8", 2)) + ping("b")};
  websocket_session session(under_, {});
  EXPECT_FALSE(next(session));
  EXPECT_THAT(writes_, testing::ElementsAre(pong("a") + sent_frame(8, std::string("\x03\xe8", 2))));
}

TEST_F(websocket_sessions, end_where_a_pong_is_not_taken) {
  incoming_ = {ping("a") + frame(1, "hello"), ping("b")};
  takes_ = false;
  websocket_session session(under_, {});
  EXPECT_FALSE(next(session));
  EXPECT_FALSE(next(session));
  EXPECT_EQ(writes_.size(), 1U);
}

TEST_F(websocket_sessions, let_others_go_first_between_messages_that_came_together) {
  incoming_ = {frame(1, "a") + frame(1, "b") + frame(1, "c"), frame(1, "d")};
  websocket_session session(under_, {});
  std::string all;
  std::vector<int> pauses;
  for (auto came = next(session); came; came = next(session)) {
    all += came->data;
    pauses.push_back(pauses_);
  }
  EXPECT_EQ(all, "abcd");
  EXPECT_THAT(pauses, testing::ElementsAre(0, 1, 2, 2));
}

TEST_F(websocket_sessions, end_between_messages_when_the_connection_was_cut) {
  incoming_ = {frame(1, "a") + frame(1, "b")};
  websocket_session session(under_, {});
  EXPECT_TRUE(next(session));
  open_ = false;
  EXPECT_FALSE(next(session));
  EXPECT_TRUE(writes_.empty());
}

TEST_F(websocket_sessions, close_between_messages_when_the_server_stops) {
  incoming_ = {frame(1, "a") + frame(1, "b")};
  websocket_session session(under_, {});
  EXPECT_TRUE(next(session));
  stopping_ = true;
  EXPECT_FALSE(next(session));
  EXPECT_THAT(writes_, testing::ElementsAre(sent_frame(8, "\x03\xe9the server is stopping")));
}

// A client that does not read: a write to it waits until it takes one.
class slow_client {
 public:
  class taking {
   public:
    explicit taking(slow_client& by) : by_(by) {}
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> writer) { by_.writer_ = writer; }
    void await_resume() const {}

   private:
    slow_client& by_;
  };

  void read_one() {
    ASSERT_TRUE(writer_);
    std::exchange(writer_, nullptr).resume();
  }

 private:
  std::coroutine_handle<> writer_;
};

TEST_F(websocket_sessions, take_no_more_from_others_than_may_wait_for_a_slow_client) {
  slow_client client;
  under_.write = [&](std::string bytes) -> task<bool> {
    writes_.push_back(std::move(bytes));
    slow_client::taking taken(client);
    co_await taken;
    co_return true;
  };
  websocket_options how;
  const std::string text(100, 'x');
  how.waiting_bytes = 6 * websocket_outbox::cost(text);
  websocket_session session(under_, how);
  const auto to = websocket(session).sender();
  const auto taken = [&] {
    int count = 0;
    while (count < 1000 && to.post(text)) ++count;
    return count;
  };
  EXPECT_EQ(taken(), 6);
  auto work = session.receive();
  EXPECT_TRUE(work.await_suspend(std::noop_coroutine()));
  EXPECT_EQ(writes_.size(), 1U);
  EXPECT_EQ(taken(), 0) << "what is being sent waits, too";
  client.read_one();
  EXPECT_EQ(writes_.size(), 2U);
  EXPECT_EQ(taken(), 1);
  for (int count = 0; count < 5; ++count) client.read_one();
  EXPECT_EQ(writes_.size(), 6U);
}

TEST_F(websocket_sessions, take_no_more_empty_texts_than_their_bookkeeping_may_cost) {
  websocket_options how;
  how.waiting_bytes = 10 * websocket_outbox::cost({});
  websocket_session session(under_, how);
  const auto to = websocket(session).sender();
  int count = 0;
  while (count < 1000 && to.post("")) ++count;
  EXPECT_EQ(count, 10);
  EXPECT_FALSE(next(session));
  EXPECT_EQ(writes_.size(), 10U);
  EXPECT_FALSE(to.post("")) << "it is closed";
}

}  // namespace
}  // namespace mutual::detail
