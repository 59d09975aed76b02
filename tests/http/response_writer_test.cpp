// Heads of responses and requests, as bytes.

#include "http/response_writer.hpp"

#include "http/reading.hpp"
#include "http/request_writer.hpp"

namespace mutual::http {
namespace {

constexpr std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";

response_terms terms(int version_minor = 1, bool keep_alive = true, bool to_head = false) {
  return {version_minor, to_head, keep_alive, date};
}

// The head, or the error's message.
std::string head(const response& what, const response_terms& how = terms()) {
  std::string out;
  const auto written = write_response_head(out, what, how);
  return written ? out : written.error().message();
}

written_head facts(const response& what, const response_terms& how = terms()) {
  std::string out;
  return *write_response_head(out, what, how);
}

response streamed(std::optional<std::size_t> length = std::nullopt) {
  response out;
  out.source = []() -> task<std::optional<std::string>> { co_return std::nullopt; };
  out.length = length;
  return out;
}

TEST(response_head, says_what_a_response_is) {
  EXPECT_EQ(head(response(200, "hello")),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(head(response(404)),
            "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n");
}

TEST(response_head, keeps_the_handlers_fields_in_order_and_its_date) {
  response what(200);
  what.headers.add("Set-Cookie", "a=1");
  what.headers.add("Set-Cookie", "b=2");
  what.headers.add("Date", "yesterday");
  EXPECT_EQ(head(what),
            "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nDate: yesterday\r\nContent-Length: 0\r\n\r\n");
}

TEST(response_head, says_to_which_protocol_a_client_must_change) {
  const auto asked = head(response(426).with("Upgrade", "websocket").with("Sec-WebSocket-Version", "13"));
  EXPECT_THAT(asked, ::testing::HasSubstr("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"));
  EXPECT_THAT(head(response(200).with("Upgrade", "websocket")), ::testing::Not(::testing::HasSubstr("Upgrade")));
  EXPECT_THAT(head(response(426)), ::testing::Not(::testing::HasSubstr("Upgrade:")));
}

TEST(response_head, frames_a_known_length_a_stream_and_a_stream_to_an_old_client) {
  EXPECT_EQ(facts(response(200, "x")).body, body_kind::length);
  EXPECT_EQ(facts(response(200)).body, body_kind::none);
  EXPECT_THAT(head(streamed()), ::testing::HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_EQ(facts(streamed()).body, body_kind::chunked);
  EXPECT_THAT(head(streamed(7)), ::testing::HasSubstr("\r\nContent-Length: 7\r\n"));
  EXPECT_EQ(facts(streamed(7)).body, body_kind::length);
  const auto old = head(streamed(), terms(0));
  EXPECT_THAT(old, ::testing::Not(::testing::HasSubstr("Transfer-Encoding")));
  EXPECT_THAT(old, ::testing::HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_EQ(facts(streamed(), terms(0)).body, body_kind::until_close);
  EXPECT_FALSE(facts(streamed(), terms(0)).keep_alive);
}

TEST(response_head, says_the_length_of_what_is_sent_whatever_the_handler_says_it_is) {
  for (const std::size_t wrong : {0U, 2U, 500U}) {
    response what(200, "hello");
    what.length = wrong;
    EXPECT_THAT(head(what), ::testing::HasSubstr("Content-Length: 5\r\n")) << wrong;
    EXPECT_EQ(facts(what).body, body_kind::length) << wrong;
    EXPECT_THAT(head(what, terms(1, true, true)), ::testing::HasSubstr("Content-Length: 5\r\n")) << wrong;
  }
  response empty(200);
  empty.length = 7;
  EXPECT_THAT(head(empty), ::testing::HasSubstr("Content-Length: 0\r\n"));
  EXPECT_EQ(facts(empty).body, body_kind::none);
  EXPECT_THAT(head(empty, terms(1, true, true)), ::testing::HasSubstr("Content-Length: 7\r\n"))
      << "what a GET would get need not be made for a HEAD";
}

TEST(response_head, to_head_says_the_length_and_sends_nothing) {
  EXPECT_THAT(head(response(200, "hello"), terms(1, true, true)), ::testing::HasSubstr("Content-Length: 5\r\n"));
  EXPECT_EQ(facts(response(200, "hello"), terms(1, true, true)).body, body_kind::none);
  EXPECT_EQ(facts(streamed(), terms(1, true, true)).body, body_kind::none);
  EXPECT_TRUE(facts(streamed(), terms(0, true, true)).keep_alive) << "nothing follows, so nothing needs to end it";
}

TEST(response_head, of_204_205_and_304_announces_no_body) {
  for (const int status : {204, 304}) {
    response what(status, "must not be sent");
    EXPECT_THAT(head(what), ::testing::Not(::testing::HasSubstr("Content-Length"))) << status;
    EXPECT_EQ(facts(what).body, body_kind::none) << status;
    response source = streamed();
    source.status = status;
    EXPECT_THAT(head(source), ::testing::Not(::testing::HasSubstr("Transfer-Encoding"))) << status;
    EXPECT_EQ(facts(source).body, body_kind::none) << status;
  }
  EXPECT_THAT(head(response(205, "x")), ::testing::HasSubstr("Content-Length: 0\r\n"));
  EXPECT_EQ(facts(response(205, "x")).body, body_kind::none);
}

TEST(response_head, says_when_the_connection_does_not_do_the_usual) {
  EXPECT_THAT(head(response(200)), ::testing::Not(::testing::HasSubstr("Connection")));
  EXPECT_THAT(head(response(200), terms(1, false)), ::testing::HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(head(response(200), terms(0, true)), ::testing::HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_THAT(head(response(200), terms(0, false)), ::testing::HasSubstr("Connection: close\r\n"));
  EXPECT_FALSE(facts(response(200).with("Connection", "x, Close")).keep_alive);
}

TEST(response_head, has_its_own_framing_whatever_the_handler_says) {
  auto what = response(200, "hello")
                  .with("Content-Length", "500")
                  .with("Transfer-Encoding", "chunked")
                  .with("Connection", "keep-alive, Upgrade")
                  .with("Keep-Alive", "timeout=5")
                  .with("Upgrade", "h2c")
                  .with("Trailer", "X")
                  .with("TE", "trailers")
                  .with("Proxy-Connection", "keep-alive");
  what.headers.remove("Content-Type");
  EXPECT_EQ(head(what), "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 5\r\n\r\n");
}

TEST(response_head, with_what_would_split_it_is_refused_and_nothing_is_written) {
  const auto refused = [](std::string_view name, std::string_view value) {
    std::string out = "before";
    const auto written = write_response_head(out, response(200).with(name, value), terms());
    return !written && out == "before";
  };
  EXPECT_TRUE(refused("X", "a\r\nSet-Cookie: b"));
  EXPECT_TRUE(refused("X", "a\nb"));
  EXPECT_TRUE(refused("X", "a\rb"));
  EXPECT_TRUE(refused("X", std::string_view("a\0b", 3)));
  EXPECT_TRUE(refused("X", "a\x7F"));
  EXPECT_TRUE(refused("X: y\r\nZ", "a"));
  EXPECT_TRUE(refused("X Y", "a"));
  EXPECT_TRUE(refused("", "a"));
  EXPECT_TRUE(refused("Connection", "a\r\nb")) << "also in a field that is left out";
  EXPECT_FALSE(refused("X", "\xC3\xA9 \t ok"));
}

TEST(response_head, has_a_final_status) {
  for (const int status : {-1, 0, 99, 100, 101, 199, 600, 1000}) {
    std::string out;
    EXPECT_FALSE(write_response_head(out, response(status), terms())) << status;
  }
}

TEST(response_head, is_read_back_as_it_was_meant) {
  auto what = response(201, "hello").with("X-Padded", "  a  b ").with("X-Empty", "");
  std::string out;
  ASSERT_TRUE(write_response_head(out, what, terms()));
  response_parser parser;
  ASSERT_EQ(parser.feed(out).state, parse_state::head_done);
  EXPECT_EQ(parser.message().headers.get("X-Padded"), "a  b");
  EXPECT_EQ(parser.message().headers.get("X-Empty"), "");
  EXPECT_EQ(parser.feed("hello").state, parse_state::done);
}

TEST(chunks, are_written_with_their_size_and_an_empty_one_is_not) {
  std::string out;
  write_chunk(out, "hello");
  write_chunk(out, "");
  write_chunk(out, std::string(26, 'x'));
  write_last_chunk(out);
  EXPECT_EQ(out, "5\r\nhello\r\n1a\r\n" + std::string(26, 'x') + "\r\n0\r\n\r\n");
  std::string go;
  write_continue(go);
  EXPECT_EQ(go, "HTTP/1.1 100 Continue\r\n\r\n");
}

request to(std::string method, std::string target) {
  request out;
  out.method = std::move(method);
  out.target = std::move(target);
  out.headers.add("Host", "localhost:5000");
  return out;
}

std::string request_head(const request& what, const request_terms& how = {}) {
  std::string out;
  const auto written = write_request_head(out, what, how);
  return written ? out : "refused";
}

TEST(request_head, says_what_a_request_is) {
  EXPECT_EQ(request_head(to("GET", "/a?b")), "GET /a?b HTTP/1.1\r\nHost: localhost:5000\r\n\r\n");
  EXPECT_EQ(request_head(to("POST", "/")), "POST / HTTP/1.1\r\nHost: localhost:5000\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(request_head(to("POST", "/"), {{body_kind::length, 5}, false}),
            "POST / HTTP/1.1\r\nHost: localhost:5000\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(request_head(to("PUT", "/"), {{body_kind::chunked, 0}, true}),
            "PUT / HTTP/1.1\r\nHost: localhost:5000\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(request_head(to("OPTIONS", "*")), "OPTIONS * HTTP/1.1\r\nHost: localhost:5000\r\n\r\n");
}

TEST(request_head, that_a_strict_server_would_refuse_is_not_written) {
  EXPECT_EQ(request_head(to("GE T", "/")), "refused");
  EXPECT_EQ(request_head(to("GET", "/a b")), "refused");
  EXPECT_EQ(request_head(to("GET", "/a\r\nX: y")), "refused");
  EXPECT_EQ(request_head(to("GET", "a")), "refused");
  EXPECT_EQ(request_head(to("GET", "/%zz")), "refused");
  EXPECT_EQ(request_head(to("GET", "/"), {{body_kind::until_close, 0}, true}), "refused");
  auto what = to("GET", "/");
  what.headers.add("Host", "other");
  EXPECT_EQ(request_head(what), "refused");
  what.headers.set("Host", "a\r\nX: y");
  EXPECT_EQ(request_head(what), "refused");
  what.headers.remove("Host");
  EXPECT_EQ(request_head(what), "refused");
  what.headers.set("Host", "a");
  what.headers.set("X", "a\nb");
  EXPECT_EQ(request_head(what), "refused");
}

TEST(request_head, has_its_own_framing_whatever_the_request_says) {
  auto what = to("GET", "/");
  what.headers.add("Content-Length", "5");
  what.headers.add("Transfer-Encoding", "chunked");
  what.headers.add("Connection", "close");
  EXPECT_EQ(request_head(what), "GET / HTTP/1.1\r\nHost: localhost:5000\r\n\r\n");
}

}  // namespace
}  // namespace mutual::http
