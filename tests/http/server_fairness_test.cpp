// What one client may take of a thread that serves others too.
#include "support/captured_log.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <sys/socket.h>
#include <thread>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using clock = std::chrono::steady_clock;

// Waits on the thread that serves, which no handler should: here it makes sure that all that is sent has come.
void hold_until(const std::atomic<bool>& opened) {
  for (int count = 0; !opened && count < 1000; ++count) std::this_thread::sleep_for(milliseconds(10));
}

TEST(server_fairness, who_sends_a_thousand_requests_at_once_does_not_keep_the_others_waiting_for_all_of_them) {
  const captured_log log;
  auto options = options_for(log);
  std::atomic<bool> opened{false};
  std::vector<std::string> order;  // of the one thread that serves
  options.answer = [&](request& asked, http::answer_notes&) -> task<response> {
    order.push_back(asked.target);
    if (asked.target == "/gate") hold_until(opened);
    co_return response(200, "");
  };
  std::string all = get_request("/gate");
  for (int count = 0; count < 1000; ++count) all += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  {
    const service running(std::move(options));
    plain_connection other(running.port());
    other.write(get_request("/first"));
    ASSERT_EQ(other.read_answer().status, 200);
    plain_connection greedy(running.port());
    greedy.write(all);
    other.write(get_request("/other"));
    opened = true;
    EXPECT_EQ(other.read_answer().status, 200);
    for (int count = 0; count < 1001; ++count) ASSERT_EQ(greedy.read_answer().status, 200) << count;
  }
  ASSERT_EQ(order.size(), 1003U);
  EXPECT_LT(std::find(order.begin(), order.end(), "/other") - order.begin(), 200);
}

// Reads a little now and then until the connection ends, or for that long.
void sip(const plain_connection& client, seconds limit) {
  const auto began = clock::now();
  std::string drop(std::size_t{256} * 1024, '\0');
  while (clock::now() - began<limit&& ::recv(client.fd(), drop.data(), drop.size(), 0)> 0) {
    std::this_thread::sleep_for(milliseconds(50));
  }
}

http::server_options large_answers(const captured_log& log) {
  auto options = options_for(log);
  options.timeouts.write = milliseconds(500);
  options.timeouts.least_body_rate = std::size_t{64} * 1024 * 1024;
  options.answer = [](request&, http::answer_notes&) -> task<response> {
    response made(200);
    made.source = [left = 256]() mutable -> task<std::optional<std::string>> {
      if (left-- == 0) co_return std::nullopt;
      co_return std::string(std::size_t{1024} * 1024, 'x');
    };
    co_return made;
  };
  return options;
}

TEST(server_fairness, who_takes_an_answer_by_the_drop_does_not_hold_its_connection_for_ever) {
  const captured_log log;
  const service running(large_answers(log));
  plain_connection client(running.port());
  client.write(get_request());
  const auto began = clock::now();
  std::thread reading([&] { sip(client, seconds(8)); });
  while (running->open_connections() == 0 && clock::now() - began < seconds(8))
    std::this_thread::sleep_for(milliseconds(10));
  while (running->open_connections() > 0 && clock::now() - began < seconds(8))
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(running->open_connections(), 0U);
  EXPECT_LT(clock::now() - began, seconds(7));
  ::shutdown(client.fd(), SHUT_RDWR);
  reading.join();
}

TEST(server_fairness, who_takes_an_answer_at_a_fair_rate_gets_all_of_it) {
  const captured_log log;
  auto options = large_answers(log);
  options.timeouts.least_body_rate = std::size_t{1024} * 1024;
  const service running(std::move(options));
  plain_connection client(running.port());
  client.write(get_request("/", "Connection: close\r\n"));
  std::size_t taken = 0;
  std::string piece(std::size_t{1024} * 1024, '\0');
  for (;;) {
    const auto got = ::recv(client.fd(), piece.data(), piece.size(), MSG_WAITALL);
    if (got <= 0) break;
    taken += static_cast<std::size_t>(got);
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_GT(taken, std::size_t{256} * 1024 * 1024);
}

}  // namespace
}  // namespace mutual::test
