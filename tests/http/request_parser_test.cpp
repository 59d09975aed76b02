// What the caller of a request_parser sees: states, pipelines, keep-alive, Expect, and what it keeps.

#include "http/request_parser.hpp"

#include "http/reading.hpp"

namespace mutual::http {
namespace {

using ::testing::ElementsAre;
using testing::first_status;
using testing::read_alike;

request_parser fed(std::string_view bytes) {
  request_parser parser;
  while (true) {
    const auto [consumed, state] = parser.feed(bytes);
    bytes.remove_prefix(consumed);
    if (state != parse_state::head_done) return parser;
  }
}

TEST(request_parser, a_request_as_curl_sends_it_is_read) {
  const auto got = read_alike(
      "GET /books/7?page=2 HTTP/1.1\r\nHost: localhost:5000\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n");
  EXPECT_EQ(got.status, 0) << got.detail;
  EXPECT_THAT(got.messages,
              ElementsAre("GET /books/7?page=2 1.1|Host=localhost:5000|User-Agent=curl/7.88.1|Accept=*/*|body="));
}

TEST(request_parser, a_pipeline_is_taken_apart_message_by_message) {
  const auto got = read_alike(
      "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
      "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n006\r\n world\r\n0\r\nX-Sum: "
      "1\r\n\r\n"
      "HEAD /c HTTP/1.1\r\nHost: a\r\n\r\n"
      "\r\nGET /d HTTP/1.0\r\n\r\n"
      "PUT /e HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
      "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(got.status, 0) << got.detail;
  EXPECT_TRUE(got.idle);
  EXPECT_THAT(got.messages, ElementsAre("POST /a 1.1|Host=a|Content-Length=5|body=hello",
                                        "POST /b 1.1|Host=a|Transfer-Encoding=chunked|body=hello world|trailer X-Sum=1",
                                        "HEAD /c 1.1|Host=a|body=", "GET /d 1.0|body=",
                                        "PUT /e 1.1|Host=a|Content-Length=0|body=", "OPTIONS * 1.1|Host=a|body="));
}

TEST(request_parser, it_stops_after_the_head_and_after_the_message_and_takes_nothing_beyond) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n";
  const std::string bytes = head + "hiGET";
  request_parser parser;
  auto step = parser.feed(bytes);
  EXPECT_EQ(step.state, parse_state::head_done);
  EXPECT_EQ(step.consumed, head.size());
  EXPECT_TRUE(parser.has_body());
  step = parser.feed(std::string_view(bytes).substr(head.size()));
  EXPECT_EQ(step.state, parse_state::done);
  EXPECT_EQ(step.consumed, 2U);
  EXPECT_EQ(parser.message().body, "hi");
  step = parser.feed("GET");
  EXPECT_EQ(step.state, parse_state::done) << "until reset";
  EXPECT_EQ(step.consumed, 0U);
}

TEST(request_parser, a_message_without_a_body_is_done_after_its_head_without_more_bytes) {
  request_parser parser;
  EXPECT_EQ(parser.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n").state, parse_state::head_done);
  EXPECT_FALSE(parser.has_body());
  EXPECT_EQ(parser.feed({}).state, parse_state::done);
}

TEST(request_parser, a_failure_stays_until_reset) {
  request_parser parser;
  EXPECT_EQ(parser.feed("GET / HTTP/1.1\r\nHost : a\r\n").state, parse_state::failed);
  EXPECT_EQ(parser.feed("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").state, parse_state::failed);
  EXPECT_EQ(parser.failure().status, 400);
  EXPECT_FALSE(parser.keep_alive());
  EXPECT_FALSE(parser.idle());
  parser.reset();
  EXPECT_TRUE(parser.idle());
  EXPECT_EQ(parser.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n").state, parse_state::head_done);
}

TEST(request_parser, it_is_idle_until_a_request_line_begins) {
  request_parser parser;
  EXPECT_TRUE(parser.idle());
  EXPECT_EQ(parser.feed("\r").state, parse_state::need_more);
  EXPECT_TRUE(parser.idle());
  EXPECT_EQ(parser.feed("\n").state, parse_state::need_more);
  EXPECT_TRUE(parser.idle());
  EXPECT_EQ(parser.feed("G").state, parse_state::need_more);
  EXPECT_FALSE(parser.idle());
}

TEST(request_parser, a_message_may_be_moved_out_and_the_parser_used_again) {
  request_parser parser = fed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
  const request taken = std::move(parser.message());
  EXPECT_TRUE(parser.keep_alive());
  parser.reset();
  EXPECT_EQ(parser.feed("GET /second HTTP/1.1\r\nHost: b\r\n\r\n").state, parse_state::head_done);
  EXPECT_EQ(testing::describe(parser.message()), "GET /second 1.1|Host=b|body=");
  EXPECT_EQ(testing::describe(taken), "POST / 1.1|Host=a|Content-Length=2|body=hi");
}

TEST(request_parser, a_parser_may_be_moved_between_pieces) {
  request_parser first;
  EXPECT_EQ(first.feed("GET / HTTP/1.1\r\nHo").state, parse_state::need_more);
  request_parser second = std::move(first);
  EXPECT_EQ(second.feed("st: a\r\n\r\n").state, parse_state::head_done);
  EXPECT_EQ(second.message().header("host"), "a");
}

TEST(request_parser, keep_alive_follows_the_version_and_the_connection_field) {
  const auto keeps = [](std::string_view version, std::string_view connection) {
    return fed("GET / HTTP/" + std::string(version) + "\r\nHost: a\r\n" + std::string(connection) + "\r\n")
        .keep_alive();
  };
  EXPECT_TRUE(keeps("1.1", ""));
  EXPECT_TRUE(keeps("1.1", "Connection: keep-alive\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: close\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: CLOSE\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: keep-alive, close\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: te\r\nConnection: x , close ,y\r\n"));
  EXPECT_TRUE(keeps("1.1", "Connection: closed\r\n"));
  EXPECT_FALSE(keeps("1.0", ""));
  EXPECT_TRUE(keeps("1.0", "Connection: Keep-Alive\r\n"));
  EXPECT_FALSE(keeps("1.0", "Connection: keep-alive, close\r\n"));
}

TEST(request_parser, expect_continue_is_told_once_the_head_is_whole) {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\n";
  EXPECT_TRUE(fed(post).expects_continue());
  EXPECT_FALSE(fed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n").expects_continue());
  EXPECT_FALSE(fed("POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n").expects_continue())
      << "HTTP/1.0 clients do not understand 100 (RFC 9110 section 10.1.1)";
  EXPECT_FALSE(fed("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").expects_continue())
      << "there is no body";
}

TEST(request_parser, another_expectation_is_417) {
  EXPECT_EQ(first_status("GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n"), 417);
  EXPECT_EQ(first_status("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, x\r\n\r\n"), 417);
  EXPECT_EQ(first_status("GET / HTTP/1.1\r\nHost: a\r\nExpect:\r\n\r\n"), 417);
  EXPECT_EQ(first_status("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n\r\n"), 417);
}

TEST(request_parser, a_wish_to_upgrade_is_an_ordinary_request) {
  const auto got = read_alike(
      "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
      "POST /h2c HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: "
      "2\r\n\r\nhi"
      "POST /c HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\nTransfer-Encoding: "
      "chunked\r\n\r\n1\r\n!\r\n0\r\n\r\n"
      "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(got.status, 0) << got.detail;
  ASSERT_EQ(got.messages.size(), 4U);
  EXPECT_THAT(got.messages[1], ::testing::EndsWith("|body=hi"));
  EXPECT_THAT(got.messages[2], ::testing::EndsWith("|body=!"));
}

TEST(request_parser, trailers_are_kept_apart_from_headers) {
  auto parser = fed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nDigest: x\r\nX-A:\r\n\r\n");
  EXPECT_FALSE(parser.message().headers.contains("Digest"));
  EXPECT_EQ(parser.message().trailers.get("digest"), "x");
  EXPECT_EQ(parser.message().trailers.get("X-A"), "");
}

TEST(request_parser, after_reset_an_idle_parser_holds_no_large_memory) {
  const std::string large(60000, 'x');
  request_parser parser;
  std::string_view bytes;
  const std::string message = "POST /" + large.substr(0, 4000) + " HTTP/1.1\r\nHost: a\r\nX: " + large.substr(0, 8000) +
                              "\r\nContent-Length: 60000\r\n\r\n" + large;
  bytes = message;
  for (auto state = parse_state::need_more; state != parse_state::done;) {
    const auto step = parser.feed(bytes.substr(0, 1000));
    ASSERT_NE(step.state, parse_state::failed) << parser.failure().detail;
    bytes.remove_prefix(step.consumed);
    state = step.state;
  }
  parser.reset();
  EXPECT_LE(parser.message().body.capacity(), 256U);
  EXPECT_LE(parser.message().target.capacity(), 256U);
  EXPECT_LE(sizeof(parser), 512U);
}

TEST(request_parser, a_lower_body_limit_counts_from_the_head_on_for_both_framings) {
  request_parser sized;
  const std::string_view head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n";
  EXPECT_EQ(sized.feed(head).state, parse_state::head_done);
  EXPECT_FALSE(sized.limit_body(10));
  EXPECT_EQ(sized.failure().status, 413);
  EXPECT_EQ(sized.feed("hello world").state, parse_state::failed);

  request_parser chunked;
  EXPECT_EQ(chunked.feed("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").state,
            parse_state::head_done);
  EXPECT_TRUE(chunked.limit_body(10));
  EXPECT_EQ(chunked.feed("6\r\nhello \r\n").state, parse_state::need_more);
  EXPECT_EQ(chunked.feed("5\r\nworld\r\n").state, parse_state::failed);
  EXPECT_EQ(chunked.failure().status, 413);

  request_parser fits;
  EXPECT_EQ(fits.feed(head).state, parse_state::head_done);
  EXPECT_TRUE(fits.limit_body(11));
  EXPECT_EQ(fits.feed("hello world").state, parse_state::done);
}

}  // namespace
}  // namespace mutual::http
