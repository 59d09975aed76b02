// Responses as clients and proxies read them.

#include "http/response_parser.hpp"

#include "http/reading.hpp"

namespace mutual::http {
namespace {

struct answer {
  int code = 0;          // The failure's status; 0 if there was none.
  std::string text;      // The response, if it is whole.
  std::size_t rest = 0;  // Bytes that were not consumed.
  bool keep_alive = false;
  bool operator==(const answer&) const = default;
};

std::ostream& operator<<(std::ostream& out, const answer& what) {
  return out << what.code << " [" << what.text << "] rest " << what.rest << (what.keep_alive ? " keep-alive" : "");
}

answer read_piecewise(std::string_view bytes, std::size_t piece, std::string_view method, bool closed,
                      const limits& bounds) {
  response_parser parser(bounds);
  parser.expect(method);
  std::string body;
  auto state = parse_state::need_more;
  while (state == parse_state::head_done || (state == parse_state::need_more && !bytes.empty())) {
    const auto step = parser.feed(bytes.substr(0, piece));
    state = step.state;
    if (state == parse_state::failed) return {parser.failure().status, "", 0, parser.keep_alive()};
    bytes.remove_prefix(step.consumed);
    body += parser.take_body_piece();
  }
  if (state == parse_state::need_more && closed) state = parser.finish();
  if (state == parse_state::failed) return {parser.failure().status, "", 0, parser.keep_alive()};
  if (state == parse_state::need_more) return {-1, "", 0, false};
  return {0,
          std::to_string(parser.message().status) + " 1." + std::to_string(parser.version_minor()) +
              testing::describe(parser.message().headers, "|") + "|body=" + body +
              testing::describe(parser.trailers(), "|trailer "),
          bytes.size(), parser.keep_alive()};
}

// What the first response in the bytes is read as, however they are cut.
answer read(std::string_view bytes, std::string_view method = "GET", bool closed = false, const limits& bounds = {}) {
  const auto out = read_piecewise(bytes, testing::whole, method, closed, bounds);
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 31U}) {
    auto cut = read_piecewise(bytes, piece, method, closed, bounds);
    EXPECT_EQ(cut, out) << "in pieces of " << piece << " bytes:\n" << bytes;
  }
  return out;
}

TEST(response_parser, a_body_ends_where_its_length_says) {
  const auto got = read("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1");
  EXPECT_EQ(got.text, "200 1.1|Content-Type=text/plain|Content-Length=5|body=hello");
  EXPECT_EQ(got.rest, 8U);
  EXPECT_TRUE(got.keep_alive);
}

TEST(response_parser, a_chunked_body_ends_with_its_trailer) {
  const auto got =
      read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\n\r\nrest");
  EXPECT_EQ(got.text, "200 1.1|Transfer-Encoding=chunked|body=hello!|trailer X-Sum=1");
  EXPECT_EQ(got.rest, 4U);
}

TEST(response_parser, a_body_without_a_length_ends_with_the_connection) {
  const std::string bytes = "HTTP/1.1 200 OK\r\n\r\nall\r\n of it";
  EXPECT_EQ(read(bytes).code, -1);
  const auto got = read(bytes, "GET", true);
  EXPECT_EQ(got.text, "200 1.1|body=all\r\n of it");
  EXPECT_FALSE(got.keep_alive);
}

TEST(response_parser, a_cut_off_response_is_a_failure) {
  EXPECT_EQ(read("", "GET", true).code, 502);
  EXPECT_EQ(read("HTTP/1.1 200", "GET", true).code, 502);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nX: y\r\n", "GET", true).code, 502);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "GET", true).code, 502);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "GET", true).code, 502);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "GET", true).code, 502);
}

TEST(response_parser, answers_to_head_and_204_and_304_have_no_body) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD").text, "200 1.1|Content-Length=5|body=");
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD").text,
            "200 1.1|Transfer-Encoding=chunked|body=");
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\n\r\nHTTP", "HEAD").rest, 4U);
  EXPECT_EQ(read("HTTP/1.1 204 No Content\r\n\r\nHTTP").rest, 4U);
  EXPECT_EQ(read("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n").code, 0);
  EXPECT_EQ(read("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nHTTP").rest, 4U);
  EXPECT_EQ(read("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\nHTTP").rest, 4U);
  EXPECT_EQ(read("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n").code, 502);
  EXPECT_EQ(read("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n").code, 502);
}

TEST(response_parser, interim_responses_are_skipped) {
  const auto got = read(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
      "2\r\n\r\nhi");
  EXPECT_EQ(got.text, "200 1.1|Content-Length=2|body=hi");
  EXPECT_EQ(read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "HEAD").code, 0)
      << "the answer to HEAD is still one";
  EXPECT_EQ(read("HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\nhi").code, 502);
  EXPECT_EQ(read("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n").code, 502);
  std::string endless;
  for (int i = 0; i < 17; ++i) endless += "HTTP/1.1 102 Processing\r\n\r\n";
  EXPECT_EQ(read(endless).code, 502);
}

TEST(response_parser, a_status_line_has_a_version_a_status_and_perhaps_a_phrase) {
  const auto code = [](const std::string& line) { return read(line + "\r\nContent-Length: 0\r\n\r\n").code; };
  for (const auto* line :
       {"HTTP/1.1 200 OK", "HTTP/1.0 404 Not Found", "HTTP/1.1 299 ", "HTTP/1.1 200", "HTTP/1.1 599 \xC3\xA9"}) {
    EXPECT_EQ(code(line), 0) << line;
  }
  for (const auto* line : {"HTTP/1.1",
                           "HTTP/1.1 ",
                           "HTTP/1.1 20",
                           "HTTP/1.1 2000 OK",
                           "HTTP/1.1  200 OK",
                           "HTTP/1.1 200\tOK",
                           "HTTP/1.1 2x0 OK",
                           "HTTP/1.1 600 OK",
                           "HTTP/1.1 099 OK",
                           "HTTP/2.0 200 OK",
                           "HTTP/2 200",
                           "http/1.1 200 OK",
                           "HTTP/1.2 200 OK",
                           "ICY 200 OK",
                           "RTSP/1.0 200 OK",
                           " HTTP/1.1 200 OK",
                           "HTTP/1.1 200 O\rK",
                           "HTTP/1.1 200 O\x01K",
                           "220 smtp.example ESMTP",
                           "\r\nHTTP/1.1 200 OK"}) {
    EXPECT_EQ(code(line), 502) << line;
  }
}

TEST(response_parser, framing_is_as_strict_as_in_requests) {
  const auto code = [](const std::string& lines, const std::string& body) {
    return read("HTTP/1.1 200 OK\r\n" + lines + "\r\n" + body, "GET", true).code;
  };
  EXPECT_EQ(code("Content-Length: 2\r\n", "hi"), 0);
  EXPECT_EQ(code("Content-Length: 2\r\nContent-Length: 2\r\n", "hi"), 502);
  EXPECT_EQ(code("Content-Length: 2, 2\r\n", "hi"), 502);
  EXPECT_EQ(code("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 502);
  EXPECT_EQ(code("Transfer-Encoding: gzip\r\n", "hi"), 502);
  EXPECT_EQ(code("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 502);
  EXPECT_EQ(code("Transfer-Encoding: chunked\r\n", "1;x\r\nx\r\n0\r\n\r\n"), 502);
  EXPECT_EQ(code("Transfer-Encoding: chunked\r\n", "1\nx\r\n0\r\n\r\n"), 502);
  EXPECT_EQ(code("X: a\r\n b\r\n", ""), 502);
  EXPECT_EQ(code("X: a\nY: b\r\n", ""), 502);
  EXPECT_EQ(code("X : a\r\n", ""), 502);
  EXPECT_EQ(read("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").code, 502);
}

TEST(response_parser, keep_alive_follows_the_version_and_the_connection_field) {
  const auto keeps = [](const std::string& version, const std::string& lines) {
    return read("HTTP/" + version + " 200 OK\r\nContent-Length: 0\r\n" + lines + "\r\n").keep_alive;
  };
  EXPECT_TRUE(keeps("1.1", ""));
  EXPECT_FALSE(keeps("1.1", "Connection: close\r\n"));
  EXPECT_FALSE(keeps("1.0", ""));
  EXPECT_TRUE(keeps("1.0", "Connection: keep-alive\r\n"));
}

TEST(response_parser, limits_hold) {
  limits small;
  small.head_bytes = 60;
  small.body_bytes = 4;
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour", "GET", false, small).code, 0);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "GET", false, small).code, 502);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", false, small).code, 0);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\n\r\nfives", "GET", true, small).code, 502);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nX: " + std::string(60, 'x') + "\r\n\r\n", "GET", true, small).code, 502);
}

TEST(response_parser, a_large_body_is_handed_out_piece_by_piece) {
  limits bounds;
  bounds.body_bytes = std::size_t{1} << 30U;
  response_parser parser(bounds);
  const std::string piece(4096, 'x');
  std::size_t total = 0;
  ASSERT_EQ(parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 40960000\r\n\r\n").state, parse_state::head_done);
  for (int i = 0; i < 10000; ++i) {
    ASSERT_EQ(parser.feed(piece).state, i == 9999 ? parse_state::done : parse_state::need_more);
    const auto got = parser.take_body_piece();
    EXPECT_LE(got.capacity(), 2 * piece.size());
    total += got.size();
  }
  EXPECT_EQ(total, 40960000U);
  EXPECT_EQ(parser.take_body_piece(), "");
}

TEST(response_parser, it_reads_one_response_after_another) {
  response_parser parser;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(parser.idle());
    EXPECT_EQ(parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n").state, parse_state::head_done);
    EXPECT_FALSE(parser.idle());
    EXPECT_EQ(parser.kind(), body_kind::length);
    EXPECT_EQ(parser.feed("hi").state, parse_state::done);
    EXPECT_EQ(parser.take_body_piece(), "hi");
    parser.reset();
  }
}

}  // namespace
}  // namespace mutual::http
