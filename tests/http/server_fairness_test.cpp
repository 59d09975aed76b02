// What one client may take of a thread that serves others too.
#include "support/captured_log.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <sys/socket.h>
#include <thread>
#include <vector>

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

TEST(server_fairness, nor_does_who_sends_each_of_them_in_a_record_of_its_own) {
  const server_files files(make_pki());
  const captured_log log;
  auto options = options_for(log, files.config(tls::client_auth::none));
  std::atomic<bool> opened{false};
  std::vector<std::string> order;  // of the one thread that serves
  options.answer = [&](request& asked, http::answer_notes&) -> task<response> {
    order.push_back(asked.target);
    if (asked.target == "/gate") hold_until(opened);
    co_return response(200, "");
  };
  {
    const service running(std::move(options));
    tls_connection other(running.port(), {});
    ASSERT_TRUE(other.ask("/first"));
    tls_connection greedy(running.port(), {});
    ASSERT_TRUE(greedy.write(get_request("/gate")));
    for (int count = 0; count < 200; ++count) ASSERT_TRUE(greedy.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    ASSERT_TRUE(other.write(get_request("/other")));
    opened = true;
    EXPECT_EQ(status_of(other.read_answer()), 200);
    for (int count = 0; count < 201; ++count) ASSERT_EQ(status_of(greedy.read_answer()), 200) << count;
  }
  ASSERT_EQ(order.size(), 203U);
  EXPECT_LT(std::find(order.begin(), order.end(), "/other") - order.begin(), 100);
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

TEST(server_fairness, who_is_let_in_is_served_before_a_crowd_that_is_not) {
  constexpr std::size_t crowd_size = 200;
  const captured_log log;
  const server_files files(make_pki());
  auto options = options_for(log, files.config(tls::client_auth::required));
  options.most_handshakes = 2 * crowd_size;
  std::atomic<bool> opened{false};
  http::server* serving = nullptr;
  std::uint64_t refused_before = crowd_size;
  options.answer = [&](request& asked, http::answer_notes&) -> task<response> {
    if (asked.target == "/gate") hold_until(opened);
    if (asked.target == "/other") refused_before = serving->counted(http::tally::failed_handshakes);
    co_return response(200, "");
  };
  const service running(std::move(options));
  serving = &*running;
  const client_options alice{.chain = {files.people().client, files.people().intermediate}, .server_name = "localhost"};
  tls_connection gate(running.port(), alice);
  tls_connection other(running.port(), alice);
  ASSERT_TRUE(gate.ask());
  ASSERT_TRUE(other.ask());
  std::vector<descriptor> crowd;
  for (std::size_t count = 0; count < crowd_size; ++count) crowd.push_back(connect_plain(running.port()));
  const auto began = clock::now();
  while (running->open_connections() < crowd_size + 2 && clock::now() - began < seconds(8))
    std::this_thread::sleep_for(milliseconds(10));
  ASSERT_TRUE(gate.write(get_request("/gate")));
  std::this_thread::sleep_for(milliseconds(50));
  const std::string nonsense = std::string("\x16\x03\x01\x01\x00", 5) + std::string(256, 'x');
  for (const auto& one : crowd) ASSERT_EQ(::send(one.get(), nonsense.data(), nonsense.size(), MSG_NOSIGNAL), 261);
  ASSERT_TRUE(other.write(get_request("/other")));
  opened = true;
  EXPECT_EQ(status_of(other.read_answer()), 200);
  EXPECT_LT(refused_before, crowd_size / 4);
  // And the crowd has its turn.
  while (running->counted(http::tally::failed_handshakes) < crowd_size && clock::now() - began < seconds(8))
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(running->counted(http::tally::failed_handshakes), crowd_size);
}

}  // namespace
}  // namespace mutual::test
