// Limits in size and number: what is beyond them is refused with the right status, before memory is given to it.

#include "http/reading.hpp"

namespace mutual::http {
namespace {

using testing::first_status;
using testing::read_alike;

std::string get(const std::string& target, const std::string& lines = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n";
}

TEST(limit, of_the_target_is_414) {
  limits bounds;
  bounds.target_bytes = 100;
  EXPECT_EQ(first_status(get("/" + std::string(99, 'a')), bounds), 0);
  EXPECT_EQ(first_status(get("/" + std::string(100, 'a')), bounds), 414);
  EXPECT_EQ(first_status(get("/" + std::string(5000, 'a')), bounds), 414);
  EXPECT_EQ(first_status("GET /" + std::string(200, 'a'), bounds), 414) << "without waiting for the line's end";
  EXPECT_EQ(first_status(get("/" + std::string(9000, 'a'))), 414) << "by default";
}

TEST(limit, of_the_target_names_what_it_is_that_is_too_small) {
  limits bounds;
  bounds.head_bytes = 500;
  request_parser small_head(bounds);
  small_head.feed(get("/" + std::string(600, 'a')));
  EXPECT_EQ(small_head.failure().status, 414);
  EXPECT_THAT(small_head.failure().detail, ::testing::HasSubstr("500 bytes"));
  request_parser usual;
  usual.feed(get("/" + std::string(9000, 'a')));
  EXPECT_THAT(usual.failure().detail, ::testing::HasSubstr("8192 bytes"));
}

TEST(limit, of_the_head_is_431) {
  limits bounds;
  bounds.head_bytes = 200;
  const auto head_of = [](std::size_t size) {
    const auto rest = get("/", "X: \r\n").size();
    return get("/", "X: " + std::string(size - rest, 'x') + "\r\n");
  };
  EXPECT_EQ(first_status(head_of(200), bounds), 0);
  EXPECT_EQ(first_status(head_of(201), bounds), 431);
  EXPECT_EQ(first_status(head_of(202), bounds), 431);
  EXPECT_EQ(first_status("\r\n" + head_of(200), bounds), 431) << "the empty line before it counts";
  EXPECT_EQ(first_status("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(200, 'x'), bounds), 431)
      << "without waiting for the line's end";
  EXPECT_EQ(first_status(head_of(16385)), 431) << "by default";
}

TEST(limit, of_the_number_of_fields_is_431) {
  limits bounds;
  bounds.field_count = 4;
  EXPECT_EQ(first_status(get("/", "A: 1\r\nB: 2\r\nC: 3\r\n"), bounds), 0);
  EXPECT_EQ(first_status(get("/", "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n"), bounds), 431);
}

TEST(limit, of_the_trailer_is_431) {
  limits bounds;
  bounds.trailer_bytes = 50;
  bounds.field_count = 6;
  const auto with = [](const std::string& trailer) {
    return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + trailer + "\r\n";
  };
  EXPECT_EQ(first_status(with("X: " + std::string(43, 'x') + "\r\n"), bounds), 0);
  EXPECT_EQ(first_status(with("X: " + std::string(44, 'x') + "\r\n"), bounds), 431);
  EXPECT_EQ(first_status(with("X: " + std::string(90, 'x')), bounds), 431);
  EXPECT_EQ(first_status(with("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n"), bounds), 0);
  EXPECT_EQ(first_status(with("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n"), bounds), 431);
}

TEST(limit, of_the_trailer_counts_for_each_message_anew) {
  limits bounds;
  bounds.head_bytes = 100;
  bounds.trailer_bytes = 20;
  bounds.body_bytes = 5;
  const std::string one =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: 123456789\r\n\r\n";
  const auto got = read_alike(one + one + one, bounds);
  EXPECT_EQ(got.status, 0) << got.detail;
  EXPECT_EQ(got.messages.size(), 3U);
}

}  // namespace
}  // namespace mutual::http
