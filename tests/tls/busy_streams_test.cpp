#include "tls/busy_streams.hpp"

#include "net/loop.hpp"

#include <array>
#include <list>
#include <memory>
#include <sys/socket.h>
#include <utility>

namespace mutual::tls {
namespace {

struct free_context {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

// Streams as the server makes them, of which nothing is read or written.
class busy_streams_test : public testing::Test {
 protected:
  busy_streams_test() : context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_set_mode(context_.get(), SSL_MODE_RELEASE_BUFFERS);
  }

  stream& next() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    others_.emplace_back(ends[1]);
    return streams_.emplace_back(loop_, descriptor(ends[0]), ssl_ptr(SSL_new(context_.get())));
  }

  static bool keeps(const stream& one) { return (SSL_get_mode(one.native()) & SSL_MODE_RELEASE_BUFFERS) == 0; }

  net::loop loop_;
  std::unique_ptr<SSL_CTX, free_context> context_;
  std::list<descriptor> others_;
  std::list<stream> streams_;
  busy_streams busy_;
};

TEST_F(busy_streams_test, keep_their_room_until_they_have_been_still_for_a_while) {
  stream& one = next();
  busy_streams::place place(&busy_, one);
  EXPECT_FALSE(keeps(one)) << "whoever has not asked anything yet keeps none";
  place.used();
  EXPECT_TRUE(keeps(one));
  busy_.look_after();
  EXPECT_TRUE(keeps(one)) << "it was used since the last look";
  place.used();
  busy_.look_after();
  EXPECT_TRUE(keeps(one));
  busy_.look_after();
  EXPECT_FALSE(keeps(one));
  EXPECT_EQ(busy_.size(), 0U);
  place.used();
  EXPECT_TRUE(keeps(one)) << "and it may come again";
}

TEST_F(busy_streams_test, are_a_bounded_number) {
  std::list<busy_streams::place> places;
  for (std::size_t count = 0; count < busy_streams::most; ++count) places.emplace_back(&busy_, next()).used();
  stream& late = next();
  busy_streams::place one_more(&busy_, late);
  one_more.used();
  EXPECT_FALSE(keeps(late));
  EXPECT_EQ(busy_.size(), busy_streams::most);
  places.pop_front();
  EXPECT_EQ(busy_.size(), busy_streams::most - 1) << "who ends gives its place back";
  one_more.used();
  EXPECT_TRUE(keeps(late));
}

TEST_F(busy_streams_test, are_none_where_nobody_keeps_them) {
  stream& one = next();
  busy_streams::place place(nullptr, one);
  place.used();
  EXPECT_FALSE(keeps(one));
}

}  // namespace
}  // namespace mutual::tls
