// How long what one client asks for over HTTP/2 goes on before another on its thread is served: counted, not timed.
#include "http/one_thread.hpp"

#include <arpa/inet.h>
#include <cstddef>
#include <linux/sockios.h>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <tuple>
#include <vector>

namespace mutual::test {
namespace {

TEST_F(one_thread, goes_on_with_what_came_together_over_http_2_while_that_one_has_its_turn) {
  EXPECT_EQ(answered_before(std::chrono::hours(1)), 20);
}

TEST_F(one_thread, is_not_kept_by_what_came_together_over_http_2_when_that_one_has_had_its_time) {
  const int before = answered_before(milliseconds(0));
  EXPECT_GE(before, 1);
  EXPECT_LE(before, 2);
}

TEST_F(one_thread, is_not_kept_by_a_body_of_very_many_small_pieces_over_http_2) {
  constexpr int most = 50'000;
  use_tls(std::chrono::hours(1));
  greedy_ = [this] { return in_pieces(most, "x"); };
  const service running(options_);
  tls_connection other(running.port(), {});
  h2_client greedy(running.port(), {});
  ASSERT_TRUE(other.ask("/first"));
  const auto id = greedy.ask("/greedy");
  const int before = steps_before(other);
  EXPECT_GE(before, 1);
  EXPECT_LE(before, 64);
  EXPECT_EQ(greedy.wait_for(id).body, std::string(most, 'x'));
}

TEST_F(one_thread, is_not_kept_by_the_pieces_of_many_answers_over_http_2_that_take_long_to_make) {
  constexpr std::uint32_t most = 20;
  use_tls(milliseconds(20));
  greedy_ = [this] { return in_pieces(1, "x", milliseconds(25)); };
  const service running(options_);
  tls_connection other(running.port(), {});
  h2_client greedy(running.port(), {});
  ASSERT_TRUE(other.ask("/first"));
  std::string all;
  for (std::uint32_t count = 0; count < most; ++count) {
    all += h2_request(2 * count + 1, request_fields("GET", "/greedy"));
  }
  ASSERT_TRUE(greedy.write(all));
  const int before = steps_before(other);
  EXPECT_GE(before, 1);
  EXPECT_LE(before, 4);
  EXPECT_TRUE(steps_become(most));
}

TEST_F(one_thread, is_not_kept_by_the_pieces_of_many_uploads_over_http_2_that_take_long_to_deal_with) {
  constexpr std::uint32_t most = 20;
  use_tls(milliseconds(20));
  options_.check_head = [](const request&) { return http::body_terms{{}, true, true}; };
  const service running(options_);
  tls_connection other(running.port(), {});
  h2_client greedy(running.port(), {});
  ASSERT_TRUE(other.ask("/first"));
  std::string heads;
  std::string bodies;
  for (std::uint32_t count = 0; count < most; ++count) {
    heads += h2_request(2 * count + 1, request_fields("POST", "/upload"), false);
    bodies += h2_frame(data_frame, end_stream, 2 * count + 1, "x");
  }
  ASSERT_TRUE(greedy.write(heads));
  for (int count = 0; count < 1000 && uploads_ < static_cast<int>(most); ++count) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  ASSERT_EQ(uploads_, static_cast<int>(most));
  ASSERT_TRUE(greedy.write(bodies));
  const int before = steps_before(other);
  EXPECT_GE(before, 1);
  EXPECT_LE(before, 4);
  EXPECT_TRUE(steps_become(most));
}

TEST_F(one_thread, is_not_kept_by_a_source_that_gives_nothing_very_often_over_http_2) {
  use_tls(std::chrono::hours(1));
  greedy_ = [this] { return in_pieces(100'000, ""); };
  const service running(options_);
  tls_connection other(running.port(), {});
  h2_client greedy(running.port(), {});
  ASSERT_TRUE(other.ask("/first"));
  const auto id = greedy.ask("/greedy");
  const int before = steps_before(other);
  EXPECT_GE(before, 1);
  EXPECT_LE(before, 128);
  EXPECT_TRUE(greedy.wait_for(id).ended);
}

TEST_F(one_thread, sends_a_large_answer_beside_a_source_that_gives_nothing_for_as_long_over_http_2) {
  const std::string large(std::size_t{4} << 20U, 'x');
  use_tls(milliseconds(1));
  std::atomic<bool> done{false};
  greedy_ = [&done] { return nothing_until(done); };
  const auto serve = options_.answer;
  options_.answer = [serve, &large](request& asked, http::answer_notes& notes) -> task<response> {
    if (asked.target != "/large") return serve(asked, notes);
    return [](const std::string& body) -> task<response> { co_return response(200, body); }(large);
  };
  const service running(options_);
  h2_client client(running.port(), {});
  const auto nothing = client.ask("/greedy");
  EXPECT_EQ(client.get("/large").body.size(), large.size());
  EXPECT_FALSE(client.answer(nothing).ended);
  done = true;
  EXPECT_TRUE(client.wait_for(nothing).ended);
}

TEST_F(one_thread, hears_that_an_answer_is_not_wanted_while_there_is_always_more_of_it_over_http_2) {
  constexpr int most = 60'000;
  use_tls(std::chrono::hours(1));
  std::atomic<bool> over{false};
  options_.on_answer = [&over](const request&, const http::answer_notes&, int, std::size_t, std::chrono::nanoseconds) {
    over = true;
  };
  greedy_ = [this] { return in_pieces(most, "x"); };
  const service running(options_);
  h2_client greedy(running.port(), {});
  const auto id = greedy.ask("/greedy");
  meanwhile([&] { greedy.reset(id); });
  hold_until(over);
  EXPECT_TRUE(over);
  EXPECT_LE(steps_, 256);
}

TEST_F(one_thread, begins_what_is_asked_for_while_the_other_answers_always_go_on_over_http_2) {
  constexpr int most = 2'000;
  use_tls(milliseconds(0));
  std::atomic<int> before{-1};
  greedy_ = [this] { return in_pieces(most, "x"); };
  const auto serve = options_.answer;
  options_.answer = [this, serve, &before](request& asked, http::answer_notes& notes) {
    if (asked.target == "/last") before = steps_.load();
    return serve(asked, notes);
  };
  const service running(options_);
  h2_client client(running.port(), {});
  std::vector<std::uint32_t> all;
  for (int count = 0; count < 20; ++count) all.push_back(client.ask("/greedy"));
  meanwhile([&] { all.push_back(client.ask("/last")); });
  for (const auto id : all) EXPECT_TRUE(client.wait_for(id).ended);
  EXPECT_GE(before, 0);
  EXPECT_LE(before, 1'000) << "of 40,000";
}

// So many answers at once, of pieces that are so large.
class one_thread_of : public one_thread, public testing::WithParamInterface<std::tuple<int, std::size_t>> {};

TEST_P(one_thread_of, large_pieces_hears_its_client_each_turn_over_http_2) {
  constexpr int most = 3'000;
  const auto [streams, piece] = GetParam();
  use_tls(milliseconds(1));
  std::atomic<int> before{-1};
  greedy_ = [this, streams = streams, piece = piece] { return in_pieces(most / streams, std::string(piece, 'x')); };
  const auto serve = options_.answer;
  options_.answer = [this, serve, &before](request& asked, http::answer_notes& notes) {
    if (asked.target == "/last") before = steps_.load();
    return serve(asked, notes);
  };
  const service running(options_);
  h2_client client(running.port(), {}, with_much_room());
  give_room(client);
  for (int count = 0; count < streams; ++count) client.ask("/greedy");
  std::uint32_t last = 0;
  meanwhile([&] { last = client.ask("/last"); });
  EXPECT_TRUE(client.wait_for(last).ended);
  EXPECT_GE(before, 0);
  EXPECT_LE(before, most / 2);
}

INSTANTIATE_TEST_SUITE_P(pieces, one_thread_of,
                         testing::Combine(testing::Values(1, 2, 10),
                                          testing::Values(16 * 1024U, 32 * 1024U, 48 * 1024U, 64 * 1024U)),
                         [](const auto& of) {
                           return std::to_string(std::get<0>(of.param)) + "_of_" +
                                  std::to_string(std::get<1>(of.param) / 1024) + "_KiB";
                         });

TEST_F(one_thread, gives_up_an_answer_for_which_there_is_no_room_beside_a_source_that_gives_nothing_over_http_2) {
  use_tls(milliseconds(1));
  options_.timeouts.write = milliseconds(400);
  options_.timeouts.least_body_rate = std::size_t{1} << 20U;
  std::atomic<bool> done{false};
  greedy_ = [&done] { return nothing_until(done); };
  const auto serve = options_.answer;
  options_.answer = [serve](request& asked, http::answer_notes& notes) -> task<response> {
    if (asked.target != "/large") return serve(asked, notes);
    return []() -> task<response> { co_return response(200, std::string(std::size_t{4} << 20U, 'x')); }();
  };
  const service running(options_);
  h2_client client(running.port(), {}, {.gives_room = false});
  const auto nothing = client.ask("/greedy");
  EXPECT_EQ(client.get("/large").code, cancel);
  EXPECT_FALSE(client.answer(nothing).reset) << "it has kept nobody waiting";
  done = true;
}

TEST_F(one_thread, gives_up_who_takes_an_answer_by_the_drop_beside_a_source_that_gives_nothing_over_http_2) {
  constexpr int most = 64;
  constexpr std::size_t mebibyte = std::size_t{1} << 20U;
  use_tls(milliseconds(1));
  options_.timeouts.write = milliseconds(500);
  options_.timeouts.least_body_rate = 64 * mebibyte;
  std::atomic<bool> done{false};
  greedy_ = [&done] { return nothing_until(done); };
  const auto serve = options_.answer;
  options_.answer = [serve](request& asked, http::answer_notes& notes) -> task<response> {
    if (asked.target != "/large") return serve(asked, notes);
    return []() -> task<response> { co_return response(200, std::string(most * mebibyte, 'x')); }();
  };
  const service running(options_);
  h2_client client(running.port(), {}, with_much_room());
  give_room(client);
  client.ask("/greedy");
  const auto large = client.ask("/large");
  const auto began = std::chrono::steady_clock::now();
  while (running->open_connections() > 0 && std::chrono::steady_clock::now() - began < std::chrono::seconds(5)) {
    const auto before = client.answer(large).body.size();
    client.read_until([&] { return client.answer(large).body.size() >= before + mebibyte / 4; });
    std::this_thread::sleep_for(milliseconds(50));
  }
  EXPECT_EQ(running->open_connections(), 0U);
  done = true;
}

// How much of what a server's only connection has sent is not with its client yet, while it can hardly send more; else
// 0.
int on_its_way_from(unsigned short port) {
  for (int fd = 3; fd < 1024; ++fd) {
    sockaddr_in own{}, other{};
    socklen_t size = sizeof own, others_size = sizeof other;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size) != 0 || ntohs(own.sin_port) != port) continue;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&other), &others_size) != 0) continue;
    pollfd asked{fd, POLLOUT, 0};
    int bytes = 0;
    return ::poll(&asked, 1, 0) == 0 && ::ioctl(fd, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
  }
  return 0;
}

// Its last few bytes wait in TLS then, and everything is handed over.
TEST_F(one_thread, gives_up_who_does_not_take_the_end_of_an_answer_over_http_2) {
  use_tls(milliseconds(1));
  options_.timeouts.write = milliseconds(500);
  options_.timeouts.least_body_rate = 1;
  std::atomic<unsigned short> port{0};
  std::atomic<int> refused{0};
  greedy_ = [&] {
    response made(200);
    made.source = [&port, &refused, before = 0]() mutable -> task<std::optional<std::string>> {
      auto waits = on_its_way_from(port);
      if (waits > 0 && waits == before) {  // kernels take some time to find room
        std::this_thread::sleep_for(milliseconds(100));
        waits = on_its_way_from(port);
      }
      refused = waits > 0 && waits == before ? refused + 1 : 0;
      before = waits;
      if (refused == 3) co_return std::nullopt;
      co_return std::string(300, 'x');
    };
    return made;
  };
  const service running(options_);
  port = running.port();
  h2_client client(running.port(), {}, with_much_room());
  give_room(client);
  client.ask("/greedy");
  for (int count = 0; count < 3000 && refused < 3; ++count) std::this_thread::sleep_for(milliseconds(10));
  ASSERT_EQ(refused, 3);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (running->open_connections() > 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_EQ(running->open_connections(), 0U);
}

}  // namespace
}  // namespace mutual::test
