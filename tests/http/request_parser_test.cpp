#include "http/request_parser.hpp"

#include "reading.hpp"

namespace mutual::http {
namespace {

using testing::read_requests;

TEST(request_parser, a_get_is_read) {
  const auto got = read_requests(
      "GET /books/7?page=2 HTTP/1.1\r\nHost: localhost:5000\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n");
  EXPECT_EQ(got.status, 0) << got.detail;
  EXPECT_THAT(got.messages, ::testing::ElementsAre(
                                "GET /books/7?page=2 1.1|Host=localhost:5000|User-Agent=curl/7.88.1|Accept=*/*|body="));
}

TEST(request_parser, bodies_are_read_in_both_framings_and_a_pipeline_is_taken_apart) {
  const std::string bytes =
      "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
      "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n006\r\n world\r\n0\r\nX-Sum: "
      "1\r\n\r\n"
      "GET /c HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
      "\r\nGET /d HTTP/1.1\r\nHost: a\r\n\r\n";
  const auto got = read_requests(bytes);
  EXPECT_EQ(got.status, 0) << got.detail;
  EXPECT_THAT(got.messages,
              ::testing::ElementsAre(
                  "POST /a 1.1|Host=a|Content-Length=5|body=hello",
                  "POST /b 1.1|Host=a|Transfer-Encoding=chunked|body=hello world|trailer X-Sum=1",
                  "GET /c 1.1|Host=a|Connection=Upgrade|Upgrade=websocket|body=", "GET /d 1.1|Host=a|body="));
  for (std::size_t piece = 1; piece < 60; ++piece) EXPECT_EQ(read_requests(bytes, piece), got) << piece;
}

}  // namespace
}  // namespace mutual::http
