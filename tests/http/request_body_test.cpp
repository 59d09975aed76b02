// The rules of Content-Length, Transfer-Encoding, chunks and trailers, one by one.

#include "http/reading.hpp"

namespace mutual::http {
namespace {

using testing::first_status;
using testing::read_alike;

// A POST with these header lines and what follows them.
std::string post(const std::string& lines, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n" + body;
}

std::string chunked(const std::string& body) { return post("Transfer-Encoding: chunked\r\n", body); }

TEST(content_length, is_a_plain_number) {
  EXPECT_EQ(first_status(post("Content-Length: 5\r\n", "hello")), 0);
  EXPECT_EQ(first_status(post("content-length:5\r\n", "hello")), 0);
  EXPECT_EQ(first_status(post("Content-Length: 0\r\n", "")), 0);
  for (const auto* value : {"", "+5", "-5", "5 5", "0x5", "5.0", "5e0", "five", "5;", "\"5\"", "05", "00", "5,", ",5",
                            "5, 5", "\xEF\xBC\x95", "18446744073709551616", "99999999999999999999999999"}) {
    EXPECT_EQ(first_status(post("Content-Length: " + std::string(value) + "\r\n", "hello")), 400) << value;
  }
}

TEST(content_length, has_spaces_but_no_tabs_around_it) {
  EXPECT_EQ(first_status(post("Content-Length:   5  \r\n", "hello")), 0);
  EXPECT_EQ(first_status(post("Content-Length:\t5\r\n", "hello")), 400);
  EXPECT_EQ(first_status(post("Content-Length: 5\t\r\n", "hello")), 400);
  EXPECT_EQ(first_status(post("Transfer-Encoding:  chunked  \r\n", "0\r\n\r\n")), 0);
  EXPECT_EQ(first_status(post("Transfer-Encoding:\tchunked\r\n", "0\r\n\r\n")), 400);
  EXPECT_EQ(first_status(post("Transfer-Encoding: chunked\t\r\n", "0\r\n\r\n")), 400);
}

TEST(content_length, stands_once) {
  EXPECT_EQ(first_status(post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")), 400);
  EXPECT_EQ(first_status(post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello")), 400);
  EXPECT_EQ(first_status(post("Content-Length: 5\r\nX: y\r\ncontent-length: 5\r\n", "hello")), 400);
}

TEST(content_length, beyond_the_limit_is_413_before_the_body_comes) {
  EXPECT_EQ(first_status(post("Content-Length: 1048577\r\n", "")), 413);
  EXPECT_EQ(first_status(post("Content-Length: 18446744073709551615\r\n", "")), 413);
  EXPECT_EQ(first_status(post("Content-Length: 1048576\r\n", "")), -1);
  limits none;
  none.body_bytes = 0;
  EXPECT_EQ(first_status(post("Content-Length: 0\r\n", ""), none), 0);
  EXPECT_EQ(first_status(post("Content-Length: 1\r\n", "x"), none), 413);
}

TEST(transfer_encoding, is_chunked_and_nothing_else) {
  EXPECT_EQ(first_status(chunked("0\r\n\r\n")), 0);
  EXPECT_EQ(first_status(post("transfer-encoding: CHUNKED\r\n", "0\r\n\r\n")), 0);
  for (const auto* value : {"", "identity", "gzip", "xchunked", "chunkedx", "chunked, chunked", "chunked, gzip",
                            "chunked;q=1", "\"chunked\"", "chunked,", ",chunked", "chun ked",
                            "\x0B"
                            "chunked",
                            "chunked, identity"}) {
    EXPECT_EQ(first_status(post("Transfer-Encoding: " + std::string(value) + "\r\n", "0\r\n\r\n")), 400) << value;
  }
  for (const auto* value : {"gzip, chunked", "identity, chunked", "br,gzip,chunked"}) {
    EXPECT_EQ(first_status(post("Transfer-Encoding: " + std::string(value) + "\r\n", "0\r\n\r\n")), 501) << value;
  }
}

TEST(transfer_encoding, stands_once_in_http_1_1_and_without_content_length) {
  EXPECT_EQ(first_status(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")), 400);
  EXPECT_EQ(first_status(post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")), 400);
  EXPECT_EQ(first_status("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(first_status(post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n")), 400);
  EXPECT_EQ(first_status(post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")), 400);
  EXPECT_EQ(first_status(post("Content-Length: 0\r\nTransfer-Encoding: identity\r\n", "")), 400);
}

TEST(chunk, has_a_size_of_hex_digits_alone_on_its_line) {
  EXPECT_EQ(first_status(chunked("a\r\n0123456789\r\n0\r\n\r\n")), 0);
  EXPECT_EQ(first_status(chunked("A\r\n0123456789\r\n000\r\n\r\n")), 0);
  EXPECT_EQ(first_status(chunked("0000000000000001\r\nx\r\n0\r\n\r\n")), 0);
  for (const auto* size : {"", " 1", "1 ", "\t1", "1\t", "+1", "-1", "0x1", "1;", "1;a=b", "1;\"a\"", "1 ;a", "g",
                           "1.0", "1\r", "00000000000000001", "1_0", "\xEF\xBC\x91"}) {
    EXPECT_EQ(first_status(chunked(std::string(size) + "\r\nx\r\n0\r\n\r\n")), 400) << size;
  }
}

TEST(chunk, ends_in_cr_and_lf_where_its_size_says) {
  EXPECT_EQ(first_status(chunked("1\nx\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(first_status(chunked("1\r\nx\n0\r\n\r\n")), 400);
  EXPECT_EQ(first_status(chunked("1\r\nxy\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(first_status(chunked("2\r\nx\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(first_status(chunked("1\r\nx0\r\n\r\n")), 400);
  EXPECT_EQ(first_status(chunked("1\r\nx\r0\r\n\r\n")), 400);
  EXPECT_EQ(first_status(chunked("1\r\nx\r\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(first_status(chunked("0\n\r\n")), 400);
  EXPECT_EQ(first_status(chunked("0\r\n\n")), 400);
  EXPECT_EQ(first_status(chunked("0\r\n")), -1);
}

TEST(chunk, beyond_the_limit_is_413_before_it_comes) {
  limits ten;
  ten.body_bytes = 10;
  EXPECT_EQ(first_status(chunked("a\r\n0123456789\r\n0\r\n\r\n"), ten), 0);
  EXPECT_EQ(first_status(chunked("b\r\n"), ten), 413);
  EXPECT_EQ(first_status(chunked("5\r\nhello\r\n6\r\n"), ten), 413);
  EXPECT_EQ(first_status(chunked("ffffffffffffffff\r\n"), ten), 413);
  EXPECT_EQ(first_status(chunked("ffffffffffffffff\r\n")), 413);
  EXPECT_EQ(first_status(chunked("5\r\nhello\r\nfffffffffffffffe\r\n")), 413);
}

TEST(trailer, follows_the_rules_of_header_fields) {
  const auto got = read_alike(chunked("0\r\nX-Checksum: 1\r\nx-checksum:\t2 \r\n\r\n"));
  ASSERT_EQ(got.messages.size(), 1U) << got.detail;
  EXPECT_THAT(got.messages[0], ::testing::EndsWith("|body=|trailer X-Checksum=1|trailer x-checksum=2"));
  for (const auto* line : {"X", "X : y", ": y", "X: a\rb", "X: a\x01", "X: a\r\n b", " X: a"}) {
    EXPECT_EQ(first_status(chunked("0\r\n" + std::string(line) + "\r\n\r\n")), 400) << line;
  }
  EXPECT_EQ(first_status(chunked("0\r\nX: a\n\r\n")), 400);
}

TEST(trailer, does_not_frame_route_or_authenticate) {
  for (const auto* name : {"Content-Length",
                           "transfer-encoding",
                           "HOST",
                           "Connection",
                           "Trailer",
                           "TE",
                           "Upgrade",
                           "Expect",
                           "Authorization",
                           "Cookie",
                           "Set-Cookie",
                           "Content-Type",
                           "Content-Encoding",
                           "Content-Range",
                           "Cache-Control",
                           "If-Match",
                           "Range",
                           "X-Forwarded-For",
                           "Forwarded",
                           "Client-Cert",
                           "Max-Forwards"}) {
    EXPECT_EQ(first_status(chunked("0\r\n" + std::string(name) + ": 1\r\n\r\n")), 400) << name;
  }
}

}  // namespace
}  // namespace mutual::http
