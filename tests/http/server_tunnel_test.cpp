// Connections that a handler takes over.
#include "support/captured_log.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <mutual/tunnel.hpp>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;

// Gives back what comes, until it ends, "quit" comes, or the server stops.
task<> echo(tunnel& under) {
  for (;;) {
    if (under.stopping()) break;
    auto came = co_await under.read();
    if (came.what == tunnel::news::ended || came.bytes == "quit") break;
    if (came.what == tunnel::news::nothing) continue;
    if (came.bytes == "throw") throw std::runtime_error("the tunnel fell in");
    const bool sent = co_await under.write(std::move(came.bytes));
    if (!sent) break;
  }
  const bool told = co_await under.write("bye");
  (void)told;
}

response switching() {
  response made(101);
  made.headers.set("Upgrade", "echo");
  made.takeover = echo;
  return made;
}

class server_tunnel : public testing::Test {
 protected:
  server_tunnel() {
    options_.answer = [](request&, http::answer_notes&) -> task<response> { co_return switching(); };
    options_.on_answer = [this](const request&, const http::answer_notes& notes, int status, std::size_t bytes,
                                std::chrono::nanoseconds) {
      status_ = status;
      bytes_ = bytes;
      incomplete_ = notes.incomplete;
    };
  }
  static std::string read_some(plain_connection& client, std::size_t count) {
    std::string got(count, '\0');
    const auto size = ::recv(client.fd(), got.data(), count, MSG_WAITALL);
    got.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return got;
  }

  captured_log log_;
  http::server_options options_ = options_for(log_);
  std::atomic<int> status_{0};
  std::atomic<std::size_t> bytes_{0};
  std::atomic<bool> incomplete_{false};
  net::loop* loop_ = nullptr;
};

TEST_F(server_tunnel, gets_what_comes_behind_the_request_and_is_told_of_when_it_ends) {
  const service running(options_);
  plain_connection client(running.port());
  client.write(get_request("/", "Connection: upgrade\r\nUpgrade: echo\r\n") + "hello");
  const auto head = client.read_answer();
  EXPECT_EQ(head.status, 101);
  EXPECT_THAT(head.head, testing::HasSubstr("Upgrade: echo\r\n"));
  EXPECT_THAT(head.head, testing::HasSubstr("Connection: Upgrade\r\n"));
  EXPECT_THAT(head.head, testing::Not(testing::HasSubstr("Content-Length")));
  client.write(" world");
  client.write("");
  std::this_thread::sleep_for(milliseconds(50));
  client.write("quit");
  EXPECT_EQ(client.read_to_end(), "hello worldbye");
  while (status_ == 0) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_EQ(status_.load(), 101);
  EXPECT_EQ(bytes_.load(), 14U);
  EXPECT_FALSE(incomplete_.load());
}

TEST_F(server_tunnel, is_refused_where_http_1_1_without_a_body_is_not_spoken) {
  const service running(options_);
  plain_connection old(running.port());
  old.write("GET / HTTP/1.0\r\nUpgrade: echo\r\n\r\n");
  EXPECT_EQ(answers_in(old.read_to_end()).at(0).status, 500);
  EXPECT_TRUE(log_.wait_for("could not be sent"));
}

TEST_F(server_tunnel, that_throws_ends_with_its_connection_and_a_line_in_the_log) {
  const service running(options_);
  plain_connection client(running.port());
  client.write(get_request("/", "Connection: upgrade\r\nUpgrade: echo\r\n") + "throw");
  EXPECT_EQ(client.read_answer().status, 101);
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(log_.wait_for("the tunnel fell in"));
}

TEST_F(server_tunnel, comes_to_its_end_when_the_server_stops) {
  const service running(options_);
  plain_connection client(running.port());
  client.write(get_request("/", "Connection: upgrade\r\nUpgrade: echo\r\n"));
  EXPECT_EQ(client.read_answer().status, 101);
  const auto began = std::chrono::steady_clock::now();
  running->stop();
  EXPECT_EQ(client.read_to_end(), "bye");
  EXPECT_TRUE(running->wait());
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(5000));
}

TEST_F(server_tunnel, of_a_client_that_vanishes_ends) {
  const service running(options_);
  {
    plain_connection client(running.port());
    client.write(get_request("/", "Connection: upgrade\r\nUpgrade: echo\r\n"));
    EXPECT_EQ(client.read_answer().status, 101);
    client.vanish();
  }
  for (int count = 0; count < 500 && running->open_connections() != 0; ++count)
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(running->open_connections(), 0U);
}

TEST_F(server_tunnel, whose_head_cannot_be_written_is_an_answer_that_says_so_behind_those_before_it) {
  options_.answer = [](request& asked, http::answer_notes&) -> task<response> {
    response made = switching();
    made.headers.remove("Upgrade");
    if (asked.target == "/first") made = response(200, "first");
    co_return made;
  };
  const service running(options_);
  plain_connection client(running.port());
  client.write(get_request("/first") + get_request("/", "Connection: upgrade\r\nUpgrade: echo\r\n"));
  EXPECT_EQ(client.read_answer().body, "first");
  EXPECT_EQ(client.read_answer().status, 500);
  EXPECT_EQ(client.read_to_end(), "");
  running->stop();
  running->wait();
  EXPECT_EQ(status_.load(), 500);
  EXPECT_FALSE(incomplete_.load());
}

TEST_F(server_tunnel, is_nudged_out_of_its_wait) {
  std::promise<std::function<void()>> told_how;
  net::loop* loop = nullptr;
  std::atomic<int> woken{0};
  options_.on_thread = [&](net::loop& on) {
    loop = &on;
    return nullptr;
  };
  options_.answer = [&](request&, http::answer_notes&) -> task<response> {
    response made = switching();
    made.takeover = [&](tunnel& under) -> task<> {
      told_how.set_value(under.nudge);
      const bool told = co_await under.write("ready");
      EXPECT_TRUE(told);
      const auto came = co_await under.read();
      if (came.what == tunnel::news::nothing) ++woken;
    };
    co_return made;
  };
  const service running(options_);
  plain_connection client(running.port());
  client.write(get_request("/", "Connection: upgrade\r\nUpgrade: echo\r\n"));
  EXPECT_EQ(client.read_answer().status, 101);
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(woken.load(), 0);
  const auto nudge = told_how.get_future().get();
  loop->post(nudge);
  EXPECT_EQ(client.read_to_end(), "ready");
  EXPECT_EQ(woken.load(), 1);
}

TEST_F(server_tunnel, has_the_client_that_does_not_read_for_as_long_as_an_answer_would) {
  options_.timeouts.write = milliseconds(300);
  options_.answer = [](request&, http::answer_notes&) -> task<response> {
    response made = switching();
    made.takeover = [](tunnel& under) -> task<> {
      const std::string piece(std::size_t{1024} * 1024, 'x');
      for (int count = 0; count < 1000; ++count) {
        std::string copy = piece;
        const bool sent = co_await under.write(std::move(copy));
        if (!sent) co_return;
      }
    };
    co_return made;
  };
  const service running(options_);
  plain_connection client(running.port());
  client.write(get_request("/", "Connection: upgrade\r\nUpgrade: echo\r\n"));
  for (int count = 0; count < 1000 && running->open_connections() == 0; ++count)
    std::this_thread::sleep_for(milliseconds(5));
  for (int count = 0; count < 1000 && running->open_connections() != 0; ++count)
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(running->open_connections(), 0U);
}

TEST_F(server_tunnel, and_a_body_without_an_end_do_not_hold_a_stop_up) {
  options_.answer = [this](request&, http::answer_notes&) -> task<response> {
    response made(200);
    made.endless = true;
    made.source = [this, first = true]() mutable -> task<std::optional<std::string>> {
      if (std::exchange(first, false)) co_return std::string("first");
      auto a_long_time = loop_->sleep(std::chrono::hours(1));
      co_await a_long_time;
      co_return std::nullopt;
    };
    co_return made;
  };
  options_.on_thread = [this](net::loop& on) {
    loop_ = &on;
    return nullptr;
  };
  const service running(options_);
  plain_connection client(running.port());
  client.write(get_request());
  for (std::string got; got.find("first") == std::string::npos;) {
    const auto more = read_some(client, 1);
    ASSERT_FALSE(more.empty());
    got += more;
  }
  const auto began = std::chrono::steady_clock::now();
  running->stop();
  EXPECT_TRUE(running->wait());
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(5000));
  EXPECT_TRUE(answers_in(client.read_to_end()).empty()) << "cut, it does not look whole";
}

}  // namespace
}  // namespace mutual::test
