// Requests of the kinds that smuggle: each is written so that two parsers in a row may see different messages in it.
// Every one is refused before a handler sees anything of it, or read in the only way there is.

#include "http/reading.hpp"

namespace mutual::http {
namespace {

using testing::read_alike;

struct attack {
  const char* what;
  std::string bytes;
  int status;
};

const std::string inner = "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n";

std::string post(const std::string& lines, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n" + body;
}

std::vector<attack> framing_attacks() {
  const std::string te = "Transfer-Encoding: chunked\r\n";
  return {
      {"CL.TE", post("Content-Length: 6\r\n" + te, "0\r\n\r\nG"), 400},
      {"TE.CL", post(te + "Content-Length: 4\r\n", "5c\r\n" + inner + "0\r\n\r\n"), 400},
      {"CL.0 in disguise", post("Content-Length: 0\r\n" + te, "0\r\n\r\n"), 400},
      {"TE.TE, two fields", post(te + "Transfer-Encoding: cow\r\n", "0\r\n\r\n"), 400},
      {"TE.TE, the other order", post("Transfer-Encoding: cow\r\n" + te, "0\r\n\r\n"), 400},
      {"TE.TE, identity last", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), 400},
      {"TE.TE, chunked twice", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400},
      {"TE with a quoted coding", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 400},
      {"TE with a parameter", post("Transfer-Encoding: chunked; x=y\r\n", "0\r\n\r\n"), 400},
      {"TE with a vertical tab",
       post("Transfer-Encoding:\x0B"
            "chunked\r\n",
            "0\r\n\r\n"),
       400},
      {"TE with a trailing NUL", post(std::string("Transfer-Encoding: chunked\0\r\n", 29), "0\r\n\r\n"), 400},
      {"TE with a leading comma", post("Transfer-Encoding: ,chunked\r\n", "0\r\n\r\n"), 400},
      {"TE with another letter", post("Transfer-Encoding: chunKed\xC5\xBF\r\n", "0\r\n\r\n"), 400},
      {"TE with a space before the colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400},
      {"TE after a folded line", post("X: y\r\n Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"TE with a folded value", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), 400},
      {"TE behind a bare LF", post("X: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"TE behind a bare CR", post("X: y\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"TE in HTTP/1.0", "POST / HTTP/1.0\r\n" + te + "\r\n0\r\n\r\n", 400},
      {"CL twice, alike", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400},
      {"CL twice, different", post("Content-Length: 0\r\nContent-Length: 33\r\n", inner), 400},
      {"CL as a list", post("Content-Length: 3, 3\r\n", "abc"), 400},
      {"CL with a plus", post("Content-Length: +3\r\n", "abc"), 400},
      {"CL with a minus", post("Content-Length: -3\r\n", "abc"), 400},
      {"CL as octal", post("Content-Length: 010\r\n", "12345678"), 400},
      {"CL as hex", post("Content-Length: 0xa\r\n", "1234567890"), 400},
      {"CL with an underscore", post("Content-Length: 1_0\r\n", "1234567890"), 400},
      {"CL beyond 64 bits", post("Content-Length: 18446744073709551619\r\n", "abc"), 400},
      {"CL with a space before the colon", post("Content-Length : 33\r\n", inner), 400},
      {"CL with an inner space", post("Content-Length: 3 3\r\n", inner), 400},
      {"CL with a form feed", post("Content-Length: \f3\r\n", "abc"), 400},
  };
}

std::vector<attack> chunk_attacks() {
  const auto chunked = [](const std::string& body) { return post("Transfer-Encoding: chunked\r\n", body); };
  return {
      {"a chunk extension", chunked("1;a=b\r\nx\r\n0\r\n\r\n"), 400},
      {"an extension that ends in a bare LF", chunked("1;\nx\r\n0\r\n\r\n"), 400},
      {"an extension on the last chunk", chunked("0;x\r\n\r\n" + inner), 400},
      {"a bare LF after a size", chunked("1\nx\r\n0\r\n\r\n"), 400},
      {"a bare CR after a size", chunked("1\rx\r\n0\r\n\r\n"), 400},
      {"a bare LF after data", chunked("1\r\nx\n0\r\n\r\n"), 400},
      {"data without its end", chunked("1\r\nx0\r\n\r\n"), 400},
      {"two bytes instead of CRLF", chunked("1\r\nxXX0\r\n\r\n"), 400},
      {"a size with 0x", chunked("0x1\r\nx\r\n0\r\n\r\n"), 400},
      {"a size with a sign", chunked("+1\r\nx\r\n0\r\n\r\n"), 400},
      {"a size with a space", chunked("1 \r\nx\r\n0\r\n\r\n"), 400},
      {"a size of 65 bits", chunked("10000000000000001\r\nx\r\n0\r\n\r\n"), 400},
      {"a size that wraps", chunked("fffffffffffffff0\r\nx\r\n0\r\n\r\n"), 413},
      {"a negative size", chunked("-1\r\nx\r\n0\r\n\r\n"), 400},
      {"an empty size", chunked("\r\nx\r\n0\r\n\r\n"), 400},
      {"a trailer that frames", chunked("0\r\nContent-Length: 33\r\n\r\n" + inner), 400},
      {"a trailer that chunks", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
      {"a trailer that routes", chunked("0\r\nHost: b\r\n\r\n"), 400},
      {"a trailer with a folded line", chunked("0\r\nX: y\r\n Z: 1\r\n\r\n"), 400},
      {"a trailer that ends in a bare LF", chunked("0\r\n\n" + inner), 400},
  };
}

std::vector<attack> head_attacks() {
  const auto line = [](const std::string& text) { return text + "\r\nHost: a\r\n\r\n"; };
  const auto lines = [](const std::string& text) { return "GET / HTTP/1.1\r\nHost: a\r\n" + text + "\r\n"; };
  return {
      {"a second Host", lines("Host: b\r\n"), 400},
      {"a second Host in another case", lines("hOST: a\r\n"), 400},
      {"a Host with a comma", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
      {"a Host with a user", "GET / HTTP/1.1\r\nHost: b@a\r\n\r\n", 400},
      {"a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"an indented Host", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"a target of another host", line("GET http://b/ HTTP/1.1"), 400},
      {"a target with a user", line("GET http://b@a/ HTTP/1.1"), 400},
      {"a target with a backslash", line("GET /\\admin HTTP/1.1"), 400},
      {"a target with a fragment", line("GET /#/admin HTTP/1.1"), 400},
      {"a target with a raw NUL", std::string("GET /\0x HTTP/1.1\r\nHost: a\r\n\r\n", 29), 400},
      {"a target with a raw tab", line("GET /\tx HTTP/1.1"), 400},
      {"a target with two words", line("GET /a /b HTTP/1.1"), 400},
      {"a tunnel", line("CONNECT a:443 HTTP/1.1"), 501},
      {"HTTP/0.9", "GET /\r\n" + inner, 400},
      {"HTTP/2 without negotiation", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"a version with a space", line("GET / HTTP/1. 1"), 400},
      {"a method in lower case", line("get / HTTP/1.1"), 501},
      {"a line without a colon", lines("X\r\n"), 400},
      {"a name with a NUL", lines(std::string("X\0Y: z\r\n", 8)), 400},
      {"a name with a space", lines("X Y: z\r\n"), 400},
      {"an empty name", lines(": z\r\n"), 400},
      {"a value with a NUL", lines(std::string("X: y\0z\r\n", 8)), 400},
      {"a value with a bare CR", lines("X: y\rZ: 1\r\n"), 400},
      {"a value with a bare LF", lines("X: y\nZ: 1\r\n"), 400},
      {"a head that ends in a bare LF", "GET / HTTP/1.1\r\nHost: a\r\n\n" + inner, 400},
      {"a head that ends in CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n" + inner, 400},
      {"two empty lines before", "\r\n\r\n" + inner, 400},
  };
}

void expect_refused(const std::vector<attack>& attacks) {
  for (const auto& each : attacks) {
    const auto got = read_alike(each.bytes);
    EXPECT_TRUE(got.messages.empty()) << each.what << " reached a handler: " << got;
    EXPECT_EQ(got.status, each.status) << each.what << ": " << got;
    EXPECT_FALSE(got.detail.empty()) << each.what;
    // Behind a good request it fares no better, and the good one is not harmed.
    const auto second = read_alike(inner + each.bytes);
    EXPECT_EQ(second.messages.size(), 1U) << each.what << ": " << second;
    EXPECT_EQ(second.status, each.status) << each.what;
  }
}

TEST(smuggling, by_framing_is_refused) { expect_refused(framing_attacks()); }

TEST(smuggling, by_chunks_and_trailers_is_refused) { expect_refused(chunk_attacks()); }

TEST(smuggling, by_lines_hosts_and_targets_is_refused) { expect_refused(head_attacks()); }

TEST(smuggling, a_body_that_looks_like_a_request_stays_a_body) {
  const auto length = "Content-Length: " + std::to_string(inner.size()) + "\r\n";
  const auto got =
      read_alike(post(length, inner) + post("Transfer-Encoding: chunked\r\n", "20\r\n" + inner + "\r\n0\r\n\r\n"));
  ASSERT_EQ(inner.size(), 0x20U);
  ASSERT_EQ(got.messages.size(), 2U) << got;
  EXPECT_THAT(got.messages[0], ::testing::EndsWith("|body=" + inner));
  EXPECT_THAT(got.messages[1], ::testing::EndsWith("|body=" + inner));
}

TEST(smuggling, a_get_with_a_body_keeps_it) {
  const auto got = read_alike("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 32\r\n\r\n" + inner);
  ASSERT_EQ(got.messages.size(), 1U) << got;
  EXPECT_THAT(got.messages[0], ::testing::EndsWith("|body=" + inner));
}

TEST(smuggling, an_upgrade_does_not_turn_what_follows_into_something_else) {
  const auto got = read_alike("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n" + inner);
  EXPECT_EQ(got.messages.size(), 2U) << got;
}

}  // namespace
}  // namespace mutual::http
