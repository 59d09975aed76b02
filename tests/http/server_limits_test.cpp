// What is too long, too large, too slow or too many, and what is said of it.
#include "support/captured_log.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sys/resource.h>
#include <thread>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using clock = std::chrono::steady_clock;

class server_limits : public testing::Test {
 protected:
  server_limits() {
    options_.limits.head_bytes = 2048;
    options_.limits.target_bytes = 512;
    options_.limits.field_count = 20;
    options_.limits.body_bytes = 4096;
  }
  const service& running() {
    if (!service_) service_ = std::make_unique<service>(options_);
    return *service_;
  }
  unsigned short port() { return running().port(); }

  // The one answer to what is sent, and the end of the connection.
  answer only_answer(const std::string& bytes) {
    plain_connection client(port());
    client.write(bytes);
    const auto got = answers_in(client.read_to_end());
    EXPECT_EQ(got.size(), 1U);
    if (got.size() != 1) return {};
    EXPECT_THAT(got[0].head, testing::HasSubstr("Connection: close"));
    EXPECT_THAT(got[0].head, testing::HasSubstr("application/problem+json"));
    return got[0];
  }

  captured_log log_;
  http::server_options options_ = options_for(log_);

 private:
  std::unique_ptr<service> service_;
};

TEST_F(server_limits, on_the_target_are_414) {
  EXPECT_EQ(only_answer(get_request("/" + std::string(600, 'a'))).status, 414);
  EXPECT_EQ(only_answer("GET /" + std::string(100'000, 'a')).status, 414) << "not even its end is waited for";
}

TEST_F(server_limits, on_the_head_are_431) {
  EXPECT_EQ(only_answer(get_request("/", "X-Long: " + std::string(3000, 'a') + "\r\n")).status, 431);
  std::string many;
  for (int count = 0; count < 30; ++count) many += fmt::format("X-{}: a\r\n", count);
  EXPECT_EQ(only_answer(get_request("/", many)).status, 431);
}

TEST_F(server_limits, on_the_body_are_413_by_what_is_announced_and_by_what_comes) {
  EXPECT_EQ(only_answer("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4097\r\n\r\n").status, 413);
  std::string chunks = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int count = 0; count < 5; ++count) chunks += "400\r\n" + std::string(1024, 'x') + "\r\n";
  EXPECT_EQ(only_answer(chunks).status, 413);
}

TEST_F(server_limits, the_client_hears_of_413_while_it_is_still_sending) {
  plain_connection client(port());
  client.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_TRUE(client.write(std::string(1'000'000, 'x')));
  const auto got = answers_in(client.read_to_end());
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].status, 413);
}

TEST_F(server_limits, in_time_on_the_head_and_the_body_are_408) {
  options_.timeouts.head = milliseconds(300);
  options_.timeouts.body = milliseconds(300);
  for (const std::string part : {"GET / HT", "GET / HTTP/1.1\r\nHost: loc",
                                 "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf"}) {
    const auto began = clock::now();
    EXPECT_EQ(only_answer(part).status, 408) << part;
    EXPECT_GE(clock::now() - began, milliseconds(300));
  }
}

TEST_F(server_limits, in_time_are_not_put_off_by_sending_a_byte_now_and_then) {
  options_.timeouts.head = milliseconds(500);
  plain_connection client(port());
  client.write("GET / HTTP/1.1\r\nX: ");
  const auto began = clock::now();
  while (clock::now() - began < seconds(8) && !client.ends_within(milliseconds(50))) client.write("a");
  EXPECT_LT(clock::now() - began, seconds(8));
}

TEST_F(server_limits, in_time_let_a_body_grow_at_a_fair_rate_and_no_slower) {
  options_.timeouts.body = milliseconds(300);
  options_.timeouts.least_body_rate = 100;
  options_.timeouts.linger = milliseconds(100);
  plain_connection fair(port());
  fair.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 800\r\n\r\n");
  for (int count = 0; count < 8; ++count) {
    fair.write(std::string(100, 'x'));
    std::this_thread::sleep_for(milliseconds(100));
  }
  EXPECT_EQ(fair.read_answer().status, 200);
  // However its bytes fall between the ticks of the server's clock.
  for (const auto pause : {milliseconds(100), milliseconds(50), milliseconds(33)}) {
    plain_connection trickle(port());
    trickle.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 800\r\n\r\n");
    const auto began = clock::now();
    while (clock::now() - began < seconds(4) && trickle.write("x")) std::this_thread::sleep_for(pause);
    EXPECT_LT(clock::now() - began, seconds(4)) << pause.count();
  }
}

TEST_F(server_limits, on_idleness_end_the_connection_without_a_word) {
  options_.timeouts.idle = milliseconds(300);
  plain_connection fresh(port());
  EXPECT_EQ(fresh.read_to_end(), "");
  plain_connection served(port());
  served.write(get_request());
  EXPECT_EQ(served.read_answer().status, 200);
  EXPECT_EQ(served.read_to_end(), "");
}

TEST_F(server_limits, on_writing_end_the_connection_of_a_client_that_takes_nothing) {
  options_.timeouts.write = milliseconds(300);
  options_.answer = [](request&, http::answer_notes&) -> task<response> {
    co_return response(200, std::string(std::size_t{64} * 1024 * 1024, 'x'));
  };
  plain_connection client(port());
  client.write(get_request());
  for (int count = 0; count < 200 && running()->open_connections() != 1; ++count) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  for (int count = 0; count < 200 && running()->open_connections() != 0; ++count) {
    std::this_thread::sleep_for(milliseconds(50));
  }
  EXPECT_EQ(running()->open_connections(), 0U);
  EXPECT_LT(client.read_to_end().size(), std::size_t{64} * 1024 * 1024);
}

TEST_F(server_limits, on_connections_close_those_that_are_too_many_and_say_so_once) {
  options_.most_connections = 3;
  std::vector<plain_connection> welcome;
  for (int count = 0; count < 3; ++count) {
    welcome.emplace_back(port());
    welcome.back().write(get_request());
    EXPECT_EQ(welcome.back().read_answer().status, 200);
  }
  for (int count = 0; count < 3; ++count) {
    plain_connection too_many(port());
    too_many.write(get_request());
    EXPECT_EQ(too_many.read_to_end(), "");
  }
  EXPECT_EQ(log_.count("as many as are allowed"), 1U);
  welcome.pop_back();
  int status = 0;
  for (int count = 0; count < 100 && status != 200; ++count) {
    plain_connection next(port());
    next.write(get_request());
    status = next.read_answer().status;
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(status, 200);
}

TEST_F(server_limits, on_descriptors_keep_the_last_of_them_for_the_server_itself) {
  (void)port();
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit few = before;
  few.rlim_cur = 300;
  ::setrlimit(RLIMIT_NOFILE, &few);
  std::vector<descriptor> taken;
  do taken.emplace_back(::dup(0));
  while (taken.back().get() < 267);
  plain_connection one_too_many(port());
  one_too_many.write(get_request());
  const auto answer = one_too_many.read_to_end();
  taken.clear();
  plain_connection with_room(port());
  with_room.write(get_request());
  const auto status = with_room.read_answer().status;
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(answer, "");
  EXPECT_EQ(log_.count("nearly all descriptors"), 1U);
  EXPECT_EQ(status, 200);
}

// Lowers the number of descriptors to those that are open and a few more, for as long as it lives.
class few_descriptors {
 public:
  explicit few_descriptors(rlim_t more) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const descriptor next(::dup(0));
    rlimit lower = before_;
    lower.rlim_cur = static_cast<rlim_t>(next.get()) + more;
    ::setrlimit(RLIMIT_NOFILE, &lower);
  }
  ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  few_descriptors(const few_descriptors&) = delete;
  few_descriptors& operator=(const few_descriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_F(server_limits, on_descriptors_are_waited_out) {
  constexpr int clients = 30;
  std::vector<descriptor> sockets;
  for (int count = 0; count < clients; ++count) {
    sockets.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval limit{10, 0};
    ::setsockopt(sockets.back().get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  const auto where = running()->endpoints().front();
  const few_descriptors scarce(6);
  for (const auto& one : sockets) ASSERT_EQ(::connect(one.get(), where.get(), where.size()), 0);
  ASSERT_TRUE(log_.wait_for("cannot accept connections"));
  // One after the other is served and goes, and makes room for the next.
  int served = 0;
  const auto request = get_request("/", "Connection: close\r\n");
  for (auto& one : sockets) {
    ASSERT_EQ(::send(one.get(), request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
    served += status_of(read_all(one.get())) == 200 ? 1 : 0;
    one.reset();
  }
  EXPECT_EQ(served, clients);
  EXPECT_LT(log_.count("cannot accept connections"), 20U) << "it is logged when it begins, not at every attempt";
}

}  // namespace
}  // namespace mutual::test
