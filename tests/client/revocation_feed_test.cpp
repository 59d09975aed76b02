// The follower of a change feed: what an authority may cost that answers slowly, or never.
#include "client/revocation_feed.hpp"

#include "client/live.hpp"
#include "net/resolve_aside.hpp"
#include "support/rests.hpp"
#include "x509/digest.hpp"

#include <future>
#include <set>
#include <sys/socket.h>

namespace mutual::client {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

// Says a byte now and then, for as long as anybody listens: no wait of the connection ever ends.
void dribble(int fd) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
  auto alive = ::send(fd, head.data(), head.size(), MSG_NOSIGNAL) > 0;
  while (alive) {
    std::this_thread::sleep_for(20ms);
    alive = ::send(fd, "x", 1, MSG_NOSIGNAL) == 1;
  }
}

class a_feed : public ::testing::Test {
 protected:
  feed_settings settings() {
    feed_settings how;
    how.where = test::to_url(authority.url("http"));
    how.connect_with = [] { return result<options>(options()); };
    how.take = [](const std::string&) { return result<>(); };
    return how;
  }
  test::one_server authority{dribble};
};

TEST_F(a_feed, gives_a_whole_fetch_so_long_and_no_longer) {
  auto how = settings();
  how.longest_fetch = 400ms;
  revocation_feed feed(std::move(how));
  const auto began = clock::now();
  const auto fetched = feed.fetch_now({});
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code(), errc::timed_out);
  EXPECT_THAT(fetched.error().message(), ::testing::HasSubstr("have not come whole within 1 second"));
  EXPECT_LT(clock::now() - began, 20s);
}

TEST_F(a_feed, is_not_fetched_any_further_once_nobody_wants_it) {
  revocation_feed feed(settings());
  const auto began = clock::now();
  EXPECT_FALSE(feed.fetch_now([began] { return clock::now() - began > 300ms; }));
  EXPECT_LT(clock::now() - began, 20s);
}

TEST_F(a_feed, ends_while_it_listens_to_an_authority_that_never_ends) {
  const auto began = clock::now();
  {
    revocation_feed feed(settings());
    feed.start();
    std::this_thread::sleep_for(200ms);
  }
  EXPECT_LT(clock::now() - began, 20s);
}

TEST_F(a_feed, takes_no_more_bytes_than_it_may) {
  auto how = settings();
  how.most_bytes = 10;
  revocation_feed feed(std::move(how));
  const auto fetched = feed.fetch_now({});
  ASSERT_FALSE(fetched);
  EXPECT_THAT(fetched.error().message(), ::testing::HasSubstr("larger than the 10 bytes allowed here"));
}

// Announces lists, and gives them to whoever asks for them then.
class announcing {
 public:
  explicit announcing(std::string lists) : lists_(std::move(lists)) {}
  void operator()(int fd) const {
    const auto asked = test::read_plain_head(fd);
    const auto& body =
        asked.find("/changes") == std::string::npos ? lists_ : "id: " + x509::sha256_hex(lists_) + "\ndata: /\n\n";
    test::write_plain(fd, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }

 private:
  std::string lists_;
};

TEST(what_a_feed_brings, is_taken_while_others_go_on) {
  test::one_server authority{announcing("the lists")};
  feed_settings how;
  how.where = test::to_url(authority.url("http"));
  how.connect_with = [] { return result<options>(options()); };
  std::promise<long> rests;
  how.take = [&](const std::string& lists) -> result<> {
    EXPECT_EQ(lists, "the lists");
    const auto before = test::rests_of_this_thread();
    const auto end = clock::now() + 20ms;
    while (clock::now() < end) let_others_go_on();
    rests.set_value(test::rests_of_this_thread() - before);
    return {};
  };
  revocation_feed feed(std::move(how));
  feed.start();
  auto seen = rests.get_future();
  ASSERT_EQ(seen.wait_for(20s), std::future_status::ready);
  EXPECT_GE(seen.get(), 3);
}

TEST(a_look_up_aside, finds_what_the_system_finds) {
  net::loop loop;
  auto found = run_to_end(loop, net::resolve_aside(loop, {"127.0.0.1", 80}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->front().to_string(), "127.0.0.1:80");
  EXPECT_FALSE(run_to_end(loop, net::resolve_aside(loop, {"no such host", 80})));
}

TEST(a_follower_that_comes_back, waits_between_half_of_the_time_and_all_of_it_and_not_always_the_same) {
  const std::chrono::milliseconds wait(15'000);
  std::set<std::chrono::milliseconds> seen;
  for (int count = 0; count < 200; ++count) {
    const auto chosen = with_jitter(wait);
    EXPECT_GE(chosen, wait / 2);
    EXPECT_LE(chosen, wait);
    seen.insert(chosen);
  }
  EXPECT_GT(seen.size(), 100U);
  EXPECT_LT(*seen.begin(), wait * 6 / 10);
  EXPECT_GT(*seen.rbegin(), wait * 9 / 10);
}

}  // namespace
}  // namespace mutual::client
