// A whole answer, fetched at once: how much room its body has.
#include "client/live.hpp"

namespace mutual::client {
namespace {

using namespace mutual::test;

// Neither a power of two nor near above one, so that a body which grows by doubling ends with much more room.
constexpr std::size_t much = 3'000'000;

exchange fetched(std::size_t most, const std::string& length, std::size_t sent = much) {
  one_server server([&](int fd) {
    read_plain_head(fd);
    write_plain(fd, "HTTP/1.1 200 OK\r\n" + length + "\r\n" + std::string(sent, 'x'));
    ::shutdown(fd, SHUT_WR);
    drain(fd);
  });
  options how;
  how.limits.body_bytes = most;
  return test::get(server.url("http"), std::move(how));
}

TEST(fetch, a_body_that_says_how_long_it_is_is_never_moved_as_it_grows) {
  const auto done = fetched(10 * much, "Content-Length: 3000000\r\n");
  ASSERT_FALSE(done.failure) << done.failure->message();
  EXPECT_EQ(done.answer->body.size(), much);
  EXPECT_LT(done.answer->body.capacity(), much + much / 10);
}

TEST(fetch, a_body_that_does_not_say_it_comes_whole) {
  const auto done = fetched(10 * much, "");
  ASSERT_FALSE(done.failure) << done.failure->message();
  EXPECT_EQ(done.answer->body, std::string(much, 'x'));
}

TEST(fetch, no_room_is_made_for_more_than_is_taken) {
  // More than any machine has: to ask for it would be an exception.
  for (const auto most : {much, any_size}) {
    const auto done = fetched(most, "Content-Length: 4611686018427387904\r\n", 1000);
    EXPECT_TRUE(done.failure);
    EXPECT_FALSE(done.answer);
  }
}

}  // namespace
}  // namespace mutual::client
