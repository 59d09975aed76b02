#include "client/live.hpp"

namespace mutual::client {
namespace {

using namespace mutual::test;
using ::testing::HasSubstr;
using ::testing::Not;

// A server that answers one request on each connection with these bytes, over TLS or plain.
class answering {
 public:
  explicit answering(std::string bytes, bool goodbye = true, int version = TLS1_3_VERSION)
      : terms_{.version = version},
        context_(server_side(pki_.server, terms_)),
        server_([this, bytes = std::move(bytes), goodbye](int fd) {
          tls_session session(context_.get(), fd);
          session.read_head();
          session.write(bytes);
          if (goodbye) session.say_goodbye();
          if (goodbye) drain(fd);
        }) {}

  exchange get(request what = {}) {
    return test::get(server_.url("https"), trusting_only({pki_.root, pki_.intermediate}), std::move(what));
  }

 private:
  pki pki_ = make_pki();
  tls_terms terms_;
  tls::ssl_ctx_ptr context_;
  one_server server_;
};

std::string body_of(const exchange& done) {
  EXPECT_FALSE(done.failure) << done.failure->message();
  return done.answer ? done.answer->body : "";
}

std::string failure_of(const exchange& done) {
  EXPECT_TRUE(done.failure);
  return done.failure ? done.failure->message() : "";
}

TEST(connection, an_answer_comes_over_tls_1_2_and_1_3) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto done = answering(std::string(hello), true, version).get();
    EXPECT_EQ(body_of(done), "hello\n");
    EXPECT_EQ(done.report.version, version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
    EXPECT_TRUE(done.report.finished);
    EXPECT_TRUE(done.report.aead);
    EXPECT_TRUE(done.report.forward_secret);
    // From OpenSSL 3.5 on, TLS 1.3 agrees on the hybrid with ML-KEM.
    EXPECT_THAT(done.report.group, testing::AnyOf("x25519", "X25519MLKEM768"));
    EXPECT_FALSE(done.report.resumed);
    EXPECT_FALSE(done.report.asked);
    EXPECT_TRUE(done.report.server_verdict && *done.report.server_verdict);
  }
}

TEST(connection, an_answer_comes_over_plain_http) {
  one_server server([](int fd) {
    EXPECT_THAT(read_plain_head(fd), AllOf(HasSubstr("GET /a?b HTTP/1.1\r\n"), HasSubstr("Host: localhost:")));
    write_plain(fd, hello);
    drain(fd);
  });
  const auto done = test::get(server.url("http", "/a?b"), {});
  EXPECT_EQ(body_of(done), "hello\n");
  EXPECT_FALSE(done.report.secure);
}

TEST(connection, a_chunked_body_is_put_together) {
  EXPECT_EQ(body_of(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n")
                        .get()),
            "abcdefg");
}

TEST(connection, a_body_that_ends_with_the_connection_needs_the_goodbye) {
  const std::string bytes = "HTTP/1.1 200 OK\r\n\r\nall of it";
  EXPECT_EQ(body_of(answering(bytes).get()), "all of it");
  EXPECT_THAT(failure_of(answering(bytes, false).get()), HasSubstr("incomplete"));
}

TEST(connection, a_body_that_is_cut_off_is_no_answer) {
  for (const auto* bytes : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "HTTP/1.1 20"}) {
    for (const bool goodbye : {true, false}) {
      EXPECT_THAT(failure_of(answering(bytes, goodbye).get()), HasSubstr("middle of its answer")) << bytes;
    }
  }
}

TEST(connection, no_answer_at_all_says_so) {
  EXPECT_THAT(failure_of(answering("").get()), HasSubstr("without an answer"));
}

TEST(connection, what_is_not_http_is_refused) {
  EXPECT_THAT(failure_of(answering("SSH-2.0-OpenSSH_9.2\r\n").get()), HasSubstr("not HTTP/1.1"));
  EXPECT_THAT(failure_of(answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab").get()),
              HasSubstr("refused"));
}

TEST(connection, an_answer_to_head_has_no_body) {
  request what;
  what.method = "HEAD";
  const auto done = answering("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").get(what);
  EXPECT_EQ(body_of(done), "");
}

TEST(connection, fetch_keeps_no_more_than_its_limit) {
  const auto keys = make_pki();
  const tls_terms terms;
  const auto context = server_side(keys.server, terms);
  one_server server([&](int fd) {
    tls_session session(context.get(), fd);
    session.read_head();
    session.write("HTTP/1.1 200 OK\r\n\r\n" + std::string(5000, 'x'));
    session.say_goodbye();
    drain(fd);
  });
  auto how = trusting_only({keys.root, keys.intermediate});
  how.limits.body_bytes = 4096;
  EXPECT_THAT(failure_of(test::get(server.url("https"), how)), HasSubstr("4096 bytes"));
}

// Many megabytes by pieces: what is kept is a piece, whatever the answer's size.
TEST(connection, a_large_answer_comes_in_pieces) {
  constexpr std::size_t size = std::size_t{32} << 20U;
  one_server server([](int fd) {
    read_plain_head(fd);
    write_plain(fd, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
    const std::string block(1U << 20U, 'x');
    for (std::size_t sent = 0; sent < size; sent += block.size()) write_plain(fd, block);
    drain(fd);
  });
  struct tally {
    std::size_t bytes = 0;
    std::size_t largest = 0;
  } seen;
  const auto read_all = [](net::loop& loop, url where, tally& to) -> task<bool> {
    connection server_at(loop, {});
    auto opening = server_at.open(std::move(where));
    const auto opened = co_await std::move(opening);
    if (!opened) co_return false;
    const request what;
    auto sending = server_at.send(what);
    const auto sent = co_await std::move(sending);
    if (!sent) co_return false;
    auto receiving = server_at.receive_head();
    const auto head = co_await std::move(receiving);
    if (!head) co_return false;
    for (;;) {
      auto asking = server_at.receive_piece();
      const auto piece = co_await std::move(asking);
      if (!piece) co_return false;
      if (!*piece) co_return true;
      to.bytes += (*piece)->size();
      to.largest = std::max(to.largest, (*piece)->size());
    }
  };
  net::loop loop;
  EXPECT_TRUE(run_to_end(loop, read_all(loop, to_url(server.url("http")), seen)));
  EXPECT_EQ(seen.bytes, size);
  EXPECT_LE(seen.largest, std::size_t{64} * 1024);
}

task<std::string> ask(connection& server, request what, body_source* body = nullptr) {
  auto sending = server.send(what, body);
  const auto sent = co_await std::move(sending);
  if (!sent) co_return sent.error().message();
  auto receiving = server.receive_head();
  const auto head = co_await std::move(receiving);
  if (!head) co_return head.error().message();
  std::string all = std::to_string(head->status) + " ";
  for (;;) {
    auto asking = server.receive_piece();
    const auto piece = co_await std::move(asking);
    if (!piece) co_return piece.error().message();
    if (!*piece) co_return all;
    all += **piece;
  }
}

task<std::vector<std::string>> ask_twice(net::loop& loop, url where) {
  std::vector<std::string> said;
  connection server(loop, {});
  auto opening = server.open(std::move(where));
  const auto opened = co_await std::move(opening);
  if (!opened) co_return said;
  for (int count = 0; count < 2; ++count) {
    request what;
    auto asking = ask(server, std::move(what));
    auto answer = co_await std::move(asking);
    said.push_back(std::move(answer));
    said.push_back(server.reusable() ? "open" : "closed");
    if (server.closed_while_idle()) said.emplace_back("closed while idle");
    if (!server.reusable()) break;
  }
  co_return said;
}

TEST(connection, it_is_used_again_until_one_side_wants_to_close) {
  one_server server([](int fd) {
    read_plain_head(fd);
    write_plain(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
    read_plain_head(fd);
    write_plain(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nb");
    drain(fd);
  });
  net::loop loop;
  EXPECT_THAT(run_to_end(loop, ask_twice(loop, to_url(server.url("http")))),
              ::testing::ElementsAre("200 a", "open", "200 b", "closed"));
}

TEST(connection, one_that_the_server_closed_meanwhile_says_that_a_request_can_be_tried_again) {
  one_server server([](int fd) {
    read_plain_head(fd);
    write_plain(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
  });
  net::loop loop;
  const auto said = run_to_end(loop, ask_twice(loop, to_url(server.url("http"))));
  ASSERT_EQ(said.size(), 5U);
  EXPECT_THAT(said[2], HasSubstr("without an answer"));
  EXPECT_EQ(said[4], "closed while idle");
}

TEST(connection, more_than_was_asked_for_ends_it) {
  one_server server([](int fd) {
    read_plain_head(fd);
    write_plain(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n\r\n");
    drain(fd);
  });
  net::loop loop;
  EXPECT_THAT(run_to_end(loop, ask_twice(loop, to_url(server.url("http")))), ::testing::ElementsAre("200 a", "closed"));
}

task<std::string> upload(net::loop& loop, url where, std::size_t pieces) {
  connection server(loop, {});
  auto opening = server.open(std::move(where));
  const auto opened = co_await std::move(opening);
  if (!opened) co_return opened.error().message();
  std::size_t left = pieces;
  body_source source = [&left]() -> task<std::optional<std::string>> {
    if (left == 0) co_return std::nullopt;
    --left;
    co_return std::string(1000, 'u');
  };
  request what;
  what.method = "POST";
  auto asking = ask(server, std::move(what), &source);
  auto said = co_await std::move(asking);
  co_return said + (left == 0 ? " all sent" : " not all sent") + (server.reusable() ? ", open" : ", closed");
}

TEST(connection, a_body_from_a_source_is_sent_in_chunks) {
  one_server server([](int fd) {
    EXPECT_THAT(read_plain_head(fd), HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_THAT(read_plain_head(fd), HasSubstr("3e8\r\nuuuu"));
    write_plain(fd, hello);
    drain(fd);
  });
  net::loop loop;
  EXPECT_EQ(run_to_end(loop, upload(loop, to_url(server.url("http")), 3)), "200 hello\n all sent, open");
}

TEST(connection, an_early_answer_to_a_large_body_is_read_and_ends_the_sending) {
  one_server server([](int fd) {
    read_plain_head(fd);
    write_plain(fd, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n");
    drain(fd);
  });
  net::loop loop;
  EXPECT_EQ(run_to_end(loop, upload(loop, to_url(server.url("http")), 100'000'000)), "413 no\n not all sent, closed");
}

TEST(connection, a_server_that_falls_silent_is_given_up) {
  one_server server([](int fd) {
    read_plain_head(fd);
    write_plain(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nslow");
    read_plain_head(fd);
  });
  options how;
  how.timeouts.idle = std::chrono::milliseconds(200);
  EXPECT_THAT(failure_of(test::get(server.url("http"), how)), HasSubstr("rest of its answer in time"));
}

TEST(connection, a_server_that_never_answers_is_given_up) {
  one_server server([](int fd) {
    read_plain_head(fd);
    read_plain_head(fd);
  });
  options how;
  how.timeouts.head = std::chrono::milliseconds(200);
  EXPECT_THAT(failure_of(test::get(server.url("http"), how)), HasSubstr("did not answer the request in time"));
}

TEST(connection, a_server_that_does_not_shake_hands_is_given_up) {
  one_server server([](int fd) { read_plain_head(fd); });
  auto how = trusting_only({make_pki().root});
  how.timeouts.handshake = std::chrono::milliseconds(200);
  EXPECT_THAT(failure_of(test::get(server.url("https"), how)), HasSubstr("did not finish the handshake in time"));
}

TEST(connection, plain_http_on_a_port_that_https_was_asked_of_says_so) {
  one_server server([](int fd) {
    char bytes[512];
    (void)!::read(fd, bytes, sizeof bytes);
    write_plain(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
    drain(fd);
  });
  EXPECT_THAT(failure_of(test::get(server.url("https"), trusting_only({make_pki().root}))),
              AllOf(HasSubstr("does not speak TLS"), HasSubstr("http://")));
}

TEST(connection, tls_on_a_port_that_http_was_asked_of_says_so) {
  one_server server([](int fd) {
    read_plain_head(fd);
    write_plain(fd, std::string("\x15\x03\x01\x00\x02\x02\x16", 7));
    drain(fd);
  });
  EXPECT_THAT(failure_of(test::get(server.url("http"), {})), AllOf(HasSubstr("speaks TLS"), HasSubstr("https://")));
}

TEST(connection, nobody_there_says_where) {
  unsigned short port = 0;
  {
    port = one_server([](int) {}).port();
  }
  EXPECT_THAT(failure_of(test::get("http://127.0.0.1:" + std::to_string(port) + "/", {})),
              AllOf(HasSubstr("127.0.0.1:" + std::to_string(port)), HasSubstr("refused")));
}

TEST(connection, a_name_that_does_not_exist_says_which) {
  EXPECT_THAT(failure_of(test::get("http://nowhere.invalid/", {})), HasSubstr("nowhere.invalid"));
}

}  // namespace
}  // namespace mutual::client
