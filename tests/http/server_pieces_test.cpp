// Bodies that a handler reads piece by piece.
#include "support/captured_log.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <mutual/body.hpp>

#include <atomic>
#include <thread>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;

// What a handler has seen of a body.
struct body_facts {
  std::atomic<std::size_t> bytes{0};
  std::atomic<std::size_t> largest_piece{0};
  std::atomic<int> pieces{0};
  std::atomic<int> called{0};
  std::atomic<bool> go{true};
};

task<response> count_body(request& asked, body_facts& facts) {
  ++facts.called;
  const auto source = asked.source;
  for (;;) {
    const auto piece = co_await source();
    if (!piece) break;
    facts.bytes += piece->size();
    ++facts.pieces;
    facts.largest_piece = std::max(facts.largest_piece.load(), piece->size());
  }
  co_return response(200, std::to_string(facts.bytes.load()));
}

class server_pieces : public testing::Test {
 protected:
  server_pieces() {
    options_.check_head = [this](const request&) {
      http::body_terms terms;
      terms.streamed = true;
      terms.limit = limit_;
      return terms;
    };
    options_.largest_body = std::size_t{1} << 32;
    options_.answer = [this](request& asked, http::answer_notes&) { return count_body(asked, facts_); };
  }
  const service& serving() {
    service_ = std::make_unique<service>(options_);
    return *service_;
  }
  // The handler reads nothing before `facts_.go`, and asks again every few milliseconds.
  void wait_for_go() {
    options_.on_thread = [this](net::loop& loop) {
      loop_ = &loop;
      return nullptr;
    };
    options_.answer = [this](request& asked, http::answer_notes&) -> task<response> {
      while (!facts_.go) {
        auto a_while = loop_->sleep(milliseconds(5));
        co_await a_while;
      }
      auto rest = count_body(asked, facts_);
      response made = co_await rest;
      co_return made;
    };
  }

  captured_log log_;
  http::server_options options_ = options_for(log_);
  std::size_t limit_ = std::size_t{1} << 32;
  body_facts facts_;
  net::loop* loop_ = nullptr;

 private:
  std::unique_ptr<service> service_;
};

TEST_F(server_pieces, reach_the_handler_whole_and_the_connection_goes_on) {
  plain_connection client(serving().port());
  for (int count = 1; count <= 3; ++count) {
    client.write(post_request(std::string(1'000'000, 'x')));
    EXPECT_EQ(client.read_answer().body, std::to_string(count * 1'000'000));
  }
  EXPECT_GT(facts_.pieces.load(), 3);
  EXPECT_LE(facts_.largest_piece.load(), std::size_t{256} * 1024);
}

TEST_F(server_pieces, come_out_of_chunks_and_what_is_pipelined_behind_them_is_the_next_request) {
  plain_connection client(serving().port());
  const std::string chunked =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
  client.write(chunked + get_request());
  EXPECT_EQ(client.read_answer().body, "11");
  // The second has no body, and no source either.
  EXPECT_EQ(client.read_answer().status, 500);
}

TEST_F(server_pieces, wait_with_the_client_while_the_handler_does_not_ask) {
  wait_for_go();
  facts_.go = false;
  plain_connection client(serving().port());
  constexpr std::size_t all = std::size_t{64} * 1024 * 1024;
  std::atomic<std::size_t> sent{0};
  std::thread sender([&] {
    const std::string piece(std::size_t{64} * 1024, 'x');
    client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(all) + "\r\n\r\n");
    while (sent < all && client.write(piece)) sent += piece.size();
  });
  std::size_t last = 1;
  while (std::exchange(last, sent.load()) != sent.load()) std::this_thread::sleep_for(milliseconds(300));
  // What the kernel buffers on both sides; nothing of it is memory of ours.
  EXPECT_LT(sent.load(), all / 2);
  EXPECT_EQ(facts_.bytes.load(), 0U);
  facts_.go = true;
  sender.join();
  EXPECT_EQ(client.read_answer().body, std::to_string(all));
}

TEST_F(server_pieces, of_a_slow_handler_do_not_use_up_the_clients_time) {
  options_.timeouts.body = milliseconds(300);
  wait_for_go();
  facts_.go = false;
  plain_connection client(serving().port());
  client.write(post_request("hello"));
  std::this_thread::sleep_for(milliseconds(900));
  facts_.go = true;
  EXPECT_EQ(client.read_answer().body, "5");
}

TEST_F(server_pieces, are_asked_for_when_the_handler_asks) {
  wait_for_go();
  facts_.go = false;
  plain_connection client(serving().port());
  client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_FALSE(client.ends_within(milliseconds(200)));
  facts_.go = true;
  EXPECT_EQ(client.read_answer().status, 100);
  client.write("hello");
  EXPECT_EQ(client.read_answer().body, "5");
}

TEST_F(server_pieces, that_are_not_wanted_are_never_asked_for) {
  options_.answer = [](request&, http::answer_notes&) -> task<response> { co_return response(401, "no"); };
  plain_connection client(serving().port());
  client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  const auto got = client.read_answer();
  EXPECT_EQ(got.status, 401);
  EXPECT_THAT(got.head, testing::HasSubstr("Connection: close"));
  EXPECT_TRUE(client.ends_within(milliseconds(3000)));
}

TEST_F(server_pieces, left_unread_never_become_a_request) {
  options_.answer = [this](request&, http::answer_notes&) -> task<response> {
    ++facts_.called;
    co_return response(200, "done");
  };
  plain_connection client(serving().port());
  client.write(post_request(get_request("/smuggled")));
  const auto all = client.read_to_end();
  EXPECT_EQ(answers_in(all).size(), 1U);
  EXPECT_EQ(facts_.called.load(), 1);
}

TEST_F(server_pieces, beyond_the_limit_are_an_error_to_the_handler) {
  limit_ = 10;
  options_.answer = [this](request& asked, http::answer_notes&) -> task<response> {
    int status = 0;
    try {
      auto work = count_body(asked, facts_);
      response made = co_await work;
      co_return made;
    } catch (const body_error& failure) {
      status = failure.status;
    }
    co_return response(status, "told");
  };
  const auto& running = serving();
  plain_connection told_before(running.port());
  told_before.write(post_request(std::string(11, 'x')));
  EXPECT_EQ(told_before.read_answer().status, 413);
  EXPECT_EQ(facts_.called.load(), 0) << "a length that is too large is known from the head";
  plain_connection chunked(running.port());
  chunked.write("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n");
  chunked.write("8\r\n12345678\r\n0\r\n\r\n");
  const auto answers = answers_in(chunked.read_to_end());
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].status, 413);
  EXPECT_LE(facts_.bytes.load(), 10U);
}

TEST_F(server_pieces, that_trickle_or_break_off_are_errors_to_the_handler) {
  options_.timeouts.body = milliseconds(300);
  std::atomic<int> status{0};
  options_.answer = [&](request& asked, http::answer_notes&) -> task<response> {
    try {
      auto work = count_body(asked, facts_);
      response made = co_await work;
      co_return made;
    } catch (const body_error& failure) {
      status = failure.status;
    }
    co_return response(status, "told");
  };
  const auto& running = serving();
  plain_connection trickling(running.port());
  trickling.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n");
  for (int count = 0; count < 100 && status == 0; ++count) {
    trickling.write("x");
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_EQ(status.load(), 408);
  status = 0;
  plain_connection leaving(running.port());
  leaving.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nabc");
  leaving.finish_writing();
  EXPECT_EQ(leaving.read_answer().status, 400);
  EXPECT_EQ(status.load(), 400);
}

TEST_F(server_pieces, can_be_given_back_as_they_come) {
  options_.answer = [](request& asked, http::answer_notes&) -> task<response> {
    response made(200);
    made.source = asked.source;
    co_return made;
  };
  plain_connection client(serving().port());
  client.write("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  char head[512];
  std::string got;
  while (got.find("hello") == std::string::npos) {
    const auto count = ::recv(client.fd(), head, sizeof head, 0);
    ASSERT_GT(count, 0) << got;
    got.append(head, static_cast<std::size_t>(count));
  }
  client.write("6\r\n world\r\n0\r\n\r\n");
  const auto answers = answers_in(got + client.read_to_end());
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].body, "hello world");
}

TEST_F(server_pieces, lead_nowhere_once_the_answer_has_been_sent) {
  body_source kept;
  options_.answer = [&](request& asked, http::answer_notes&) -> task<response> {
    kept = asked.source;
    co_return response(200, "done");
  };
  const auto& running = serving();
  plain_connection client(running.port());
  client.write(post_request("hello"));
  EXPECT_EQ(client.read_answer().status, 200);
  client.finish_writing();
  while (running->open_connections() != 0) std::this_thread::sleep_for(milliseconds(10));
  // It is its thread's own: that has to be over before another may call it.
  running->stop();
  EXPECT_TRUE(running->wait());
  EXPECT_THROW((void)kept(), body_error);
}

}  // namespace
}  // namespace mutual::test
