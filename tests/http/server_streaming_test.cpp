// Bodies that come from a source, and clients that read them slowly, or not to the end.
#include "support/captured_log.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <atomic>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t piece_size = std::size_t{64} * 1024;

// What a source has given, and whether it is still there.
struct source_facts {
  std::atomic<int> given{0};
  std::atomic<int> alive{0};
};

class counted_source {
 public:
  counted_source(std::shared_ptr<source_facts> facts, int pieces) : facts_(std::move(facts)), left_(pieces) {
    ++facts_->alive;
  }
  counted_source(const counted_source& other) : facts_(other.facts_), left_(other.left_) { ++facts_->alive; }
  counted_source& operator=(const counted_source&) = delete;
  ~counted_source() { --facts_->alive; }

  task<std::optional<std::string>> operator()() {
    if (left_-- == 0) co_return std::nullopt;
    ++facts_->given;
    co_return std::string(piece_size, 'x');
  }

 private:
  std::shared_ptr<source_facts> facts_;
  int left_;
};

class server_streaming : public testing::Test {
 protected:
  // Serves a body of that many pieces.
  const service& serving(int pieces) {
    options_.answer = [facts = facts_, pieces](request&, http::answer_notes&) -> task<response> {
      response made(200);
      made.source = counted_source(facts, pieces);
      co_return made;
    };
    service_ = std::make_unique<service>(options_);
    return *service_;
  }
  void wait_until(const std::function<bool()>& holds) {
    for (int count = 0; count < 500 && !holds(); ++count) std::this_thread::sleep_for(milliseconds(20));
  }

  captured_log log_;
  http::server_options options_ = options_for(log_);
  std::shared_ptr<source_facts> facts_ = std::make_shared<source_facts>();

 private:
  std::unique_ptr<service> service_;
};

TEST_F(server_streaming, sends_chunks_and_keeps_the_connection) {
  plain_connection client(serving(3).port());
  for (int count = 0; count < 2; ++count) {
    client.write(get_request());
    const auto got = client.read_answer();
    EXPECT_THAT(got.head, testing::HasSubstr("Transfer-Encoding: chunked"));
    EXPECT_EQ(got.body, std::string(3 * piece_size, 'x'));
  }
}

TEST_F(server_streaming, to_an_http_1_0_client_ends_with_the_connection) {
  plain_connection client(serving(3).port());
  client.write("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto all = client.read_to_end();
  EXPECT_THAT(all.substr(0, 300), testing::Not(testing::HasSubstr("chunked")));
  EXPECT_EQ(body_of(all), std::string(3 * piece_size, 'x'));
}

TEST_F(server_streaming, asks_the_source_for_no_more_than_a_slow_reader_takes) {
  constexpr int pieces = 2000;  // 128 MiB
  const auto& running = serving(pieces);
  plain_connection client(running.port());
  client.write(get_request("/", "Connection: close\r\n"));
  wait_until([this] { return facts_->given.load() > 1; });
  int last = -1;
  wait_until([this, &last] { return std::exchange(last, facts_->given.load()) == facts_->given.load(); });
  std::this_thread::sleep_for(milliseconds(300));
  const int stalled = facts_->given.load();
  // What the kernel buffers on both sides; nothing of it is memory of ours.
  EXPECT_LT(stalled, pieces / 4);
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_LE(facts_->given.load(), stalled + 1);
  EXPECT_GT(client.read_to_end().size(), pieces * piece_size);
  EXPECT_EQ(facts_->given.load(), pieces);
}

TEST_F(server_streaming, ends_when_the_client_vanishes) {
  const auto& running = serving(1'000'000);
  {
    plain_connection client(running.port());
    client.write(get_request());
    wait_until([this] { return facts_->given.load() > 5; });
    EXPECT_GT(facts_->alive.load(), 0);
    client.vanish();
  }
  wait_until([&] { return facts_->alive.load() == 0 && running->open_connections() == 0; });
  EXPECT_EQ(facts_->alive.load(), 0);
  EXPECT_EQ(running->open_connections(), 0U);
  EXPECT_LT(facts_->given.load(), 1'000'000);
  EXPECT_EQ(log_.count("error"), 0U) << "a client may go when it likes";
  plain_connection next(running.port());
  next.write(get_request());
  char head[12];
  ASSERT_EQ(::recv(next.fd(), head, sizeof head, MSG_WAITALL), 12);
  EXPECT_EQ(std::string(head, 12), "HTTP/1.1 200");
}

// What goes with the task that holds it.
struct held {
  explicit held(std::atomic<int>& in) : count(in) { ++count; }
  ~held() { --count; }
  held(const held&) = delete;
  held& operator=(const held&) = delete;
  std::atomic<int>& count;
};

TEST_F(server_streaming, a_source_that_waits_goes_at_once_when_its_reader_does) {
  const server_files files(make_pki());
  std::atomic<net::loop*> loop{nullptr};
  std::atomic<int> waiting{0};
  std::atomic<int> told{0};
  options_.on_thread = [&](net::loop& here) -> std::shared_ptr<void> {
    loop = &here;
    return nullptr;
  };
  options_.on_answer = [&](const request&, const http::answer_notes& notes, int, std::size_t,
                           std::chrono::nanoseconds took) {
    told += notes.incomplete && took < std::chrono::seconds(30) ? 1 : 0;
  };
  options_.answer = [&](request& asked, http::answer_notes&) -> task<response> {
    response made(200);
    made.endless = asked.target == "/endless";
    made.source = [&]() -> task<std::optional<std::string>> {
      const held here(waiting);
      auto nap = loop.load()->sleep(std::chrono::minutes(1));
      co_await nap;
      co_return "late";
    };
    co_return made;
  };
  for (const bool secure : {false, true}) {
    options_.tls = secure ? files.config(tls::client_auth::none) : tls::config();
    options_.tls.enabled = secure;
    const service running(options_);
    for (const bool vanishes : {false, true}) {
      told = 0;
      const auto ask = [&](auto& client) {
        client.write(get_request("/endless"));
        wait_until([&] { return waiting == 1; });
        EXPECT_EQ(waiting.load(), 1);
      };
      if (secure) {
        tls_connection client(running.port(), {});
        ask(client);
      } else {
        plain_connection client(running.port());
        ask(client);
        if (vanishes) client.vanish();
      }
      wait_until([&] { return waiting == 0 && told == 1 && running->open_connections() == 0; });
      EXPECT_EQ(waiting.load(), 0) << secure << vanishes;
      EXPECT_EQ(told.load(), 1);
      EXPECT_EQ(running->open_connections(), 0U);
    }
  }
}

TEST_F(server_streaming, a_source_with_an_end_comes_to_it_whoever_goes) {
  const server_files files(make_pki());
  std::atomic<net::loop*> loop{nullptr};
  std::atomic<int> waiting{0}, came{0};
  options_.on_thread = [&](net::loop& here) -> std::shared_ptr<void> {
    loop = &here;
    return nullptr;
  };
  // What it waits for may be a worker's, and to give that up would keep the thread waiting.
  options_.answer = [&](request&, http::answer_notes&) -> task<response> {
    response made(200);
    made.source = [&]() -> task<std::optional<std::string>> {
      const held here(waiting);
      auto nap = loop.load()->sleep(milliseconds(300));
      co_await nap;
      ++came;
      co_return "piece";
    };
    co_return made;
  };
  options_.tls = files.config(tls::client_auth::none);
  const service running(options_);
  {
    tls_connection client(running.port(), {});
    client.write(get_request());
    wait_until([&] { return waiting == 1; });
  }
  wait_until([&] { return waiting == 0 && running->open_connections() == 0; });
  EXPECT_EQ(waiting.load(), 0);
  EXPECT_GE(came.load(), 1);
}

TEST_F(server_streaming, a_client_that_has_said_all_it_has_to_say_reads_an_answer_with_an_end_still) {
  std::atomic<net::loop*> loop{nullptr};
  options_.on_thread = [&](net::loop& here) -> std::shared_ptr<void> {
    loop = &here;
    return nullptr;
  };
  options_.answer = [&](request&, http::answer_notes&) -> task<response> {
    response made(200);
    made.source = [&loop, count = 0]() mutable -> task<std::optional<std::string>> {
      if (++count == 4) co_return std::nullopt;
      auto nap = loop.load()->sleep(milliseconds(100));
      co_await nap;
      co_return "piece";
    };
    co_return made;
  };
  const service running(options_);
  plain_connection client(running.port());
  client.write(get_request());
  client.finish_writing();
  EXPECT_EQ(client.read_answer().body, "piecepiecepiece");
}

TEST_F(server_streaming, a_source_that_throws_breaks_the_body_off_so_that_it_does_not_look_whole) {
  options_.answer = [](request&, http::answer_notes&) -> task<response> {
    response made(200);
    made.source = [count = 0]() mutable -> task<std::optional<std::string>> {
      if (++count == 3) throw std::runtime_error("the tape is torn");
      co_return std::string("piece");
    };
    co_return made;
  };
  const service running(options_);
  plain_connection client(running.port());
  client.write(get_request());
  const auto all = client.read_to_end();
  EXPECT_TRUE(all.ends_with("5\r\npiece\r\n")) << all;
  EXPECT_TRUE(answers_in(all).empty()) << "it ends without its last chunk";
  EXPECT_TRUE(log_.wait_for("the tape is torn"));
}

TEST_F(server_streaming, a_body_that_breaks_off_does_not_look_whole_to_an_http_1_0_client_either) {
  options_.answer = [](request&, http::answer_notes&) -> task<response> {
    response made(200);
    made.source = [count = 0]() mutable -> task<std::optional<std::string>> {
      if (++count == 3) throw std::runtime_error("the tape is torn");
      co_return std::string("piece");
    };
    co_return made;
  };
  const service running(options_);
  plain_connection client(running.port());
  client.write("GET / HTTP/1.0\r\n\r\n");
  char piece[4096];
  ssize_t got = 0;
  while ((got = ::recv(client.fd(), piece, sizeof piece, 0)) > 0) {
  }
  EXPECT_EQ(got, -1) << "an end would be the end of the body";
  EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(server_streaming, a_body_that_breaks_off_under_tls_ends_without_a_goodbye) {
  const server_files files(make_pki());
  options_.tls = files.config(tls::client_auth::none);
  options_.answer = [](request&, http::answer_notes&) -> task<response> {
    response made(200);
    made.source = [count = 0]() mutable -> task<std::optional<std::string>> {
      if (++count == 3) throw std::runtime_error("the tape is torn");
      co_return std::string("piece");
    };
    co_return made;
  };
  const service running(options_);
  tls_connection client(running.port(), {});
  client.write("GET / HTTP/1.0\r\n\r\n");
  client.read_to_end();
  EXPECT_FALSE(client.report().closed_cleanly);
}

TEST_F(server_streaming, a_source_that_gives_less_or_more_than_it_promised_ends_the_connection) {
  for (const std::size_t promised : {8U, 12U}) {
    options_.answer = [promised](request&, http::answer_notes&) -> task<response> {
      response made(200);
      made.length = promised;
      made.source = [count = 0]() mutable -> task<std::optional<std::string>> {
        if (++count == 3) co_return std::nullopt;
        co_return std::string("piece");
      };
      co_return made;
    };
    const service running(options_);
    plain_connection client(running.port());
    client.write(get_request() + get_request());
    const auto all = client.read_to_end();
    EXPECT_LE(body_of(all).size(), promised);
    EXPECT_EQ(all.find("HTTP/1.1", 5), std::string::npos) << "nothing may follow a body of the wrong length";
    EXPECT_TRUE(log_.wait_for("an answer promised " + std::to_string(promised))) << promised;
  }
}

TEST_F(server_streaming, a_large_body_arrives_whole_through_small_windows) {
  options_.answer = [](request&, http::answer_notes&) -> task<response> {
    std::string body;
    for (int count = 0; body.size() < 4'000'000; ++count) body += std::to_string(count) + ",";
    co_return response(200, body);
  };
  const service running(options_);
  plain_connection client(running.port());
  client.write(get_request("/", "Connection: close\r\n"));
  const auto body = body_of(client.read_to_end());
  std::string expected;
  for (int count = 0; expected.size() < 4'000'000; ++count) expected += std::to_string(count) + ",";
  EXPECT_TRUE(body == expected);
}

}  // namespace
}  // namespace mutual::test
