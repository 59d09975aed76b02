// How a server ends, and what it refuses to begin.
#include "net/loop.hpp"
#include "support/captured_log.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <atomic>
#include <cerrno>
#include <sys/socket.h>
#include <thread>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

// A handler that takes as long as the test wants it to.
class slow_work {
 public:
  http::server_options options(const captured_log& log, tls::config tls = {}) {
    auto made = options_for(log, std::move(tls));
    made.on_thread = [this](net::loop& loop) -> std::shared_ptr<void> {
      loop_ = &loop;
      return nullptr;
    };
    made.answer = [this](request& asked, http::answer_notes&) -> task<response> {
      if (asked.target == "/slow") {
        ++begun_;
        while (!done_) {
          auto nap = loop_.load()->sleep(milliseconds(10));
          co_await nap;
        }
      }
      co_return response(200, "done");
    };
    return made;
  }
  void wait_until_begun() const {
    for (int count = 0; begun_ == 0 && count < 1000; ++count) std::this_thread::sleep_for(milliseconds(10));
  }
  void finish() { done_ = true; }

 private:
  std::atomic<net::loop*> loop_{nullptr};
  std::atomic<int> begun_{0};
  std::atomic<bool> done_{false};
};

bool log_has(const captured_log& log, std::string_view part) { return log.count(part) > 0; }

bool is_refused(const net::endpoint& where) {
  const descriptor handle(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(handle.get(), where.get(), where.size()) != 0 && errno == ECONNREFUSED;
}

TEST(server_shutdown, finishes_what_runs_closes_what_is_idle_and_takes_nobody_new) {
  slow_work work;
  const captured_log log;
  const service running(work.options(log));
  plain_connection idle(running.port());
  idle.write(get_request());
  ASSERT_EQ(idle.read_answer().status, 200);
  plain_connection fresh(running.port());
  plain_connection busy(running.port());
  busy.write(get_request("/slow"));
  work.wait_until_begun();

  running->stop();
  EXPECT_TRUE(idle.ends_within(std::chrono::seconds(5)));
  EXPECT_TRUE(fresh.ends_within(std::chrono::seconds(5)));
  EXPECT_TRUE(is_refused(running->endpoints().front()));
  EXPECT_EQ(running->open_connections(), 1U);

  work.finish();
  const auto got = busy.read_answer();
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "done");
  EXPECT_THAT(got.head, testing::HasSubstr("Connection: close"));
  EXPECT_EQ(busy.read_to_end(), "");
  busy.vanish();
  running->wait();
  EXPECT_EQ(running->open_connections(), 0U);
}

TEST(server_shutdown, takes_nobody_new_on_any_thread_from_the_moment_it_is_asked) {
  const captured_log log;
  auto options = options_for(log);
  options.threads = 4;
  const service running(std::move(options));
  running->stop();
  EXPECT_TRUE(is_refused(running->endpoints().front()));
  running->wait();
}

TEST(server_shutdown, says_goodbye_to_idle_tls_clients) {
  const server_files files(make_pki());
  const captured_log log;
  const service running(files.config(tls::client_auth::none), log);
  tls_connection idle(running.port(), {});
  EXPECT_TRUE(idle.ask());
  running->stop();
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(idle.report().closed_cleanly);
  running->wait();
}

TEST(server_shutdown, finishes_a_request_that_is_half_here) {
  const captured_log log;
  const service running(options_for(log));
  plain_connection half(running.port());
  half.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
  plain_connection other(running.port());
  other.write(get_request());
  ASSERT_EQ(other.read_answer().status, 200) << "by then the half has been read, too";
  std::this_thread::sleep_for(milliseconds(100));
  running->stop();
  EXPECT_TRUE(other.ends_within(std::chrono::seconds(5)));
  half.write("+ half");
  EXPECT_EQ(half.read_answer().status, 200);
  EXPECT_EQ(half.read_to_end(), "");
}

TEST(server_shutdown, cuts_what_is_not_done_in_time) {
  slow_work work;
  const captured_log log;
  auto options = work.options(log);
  options.timeouts.shutdown = milliseconds(300);
  std::atomic<int> told{0};
  options.on_answer = [&](const request& asked, const http::answer_notes& notes, int status, std::size_t bytes,
                          std::chrono::nanoseconds took) {
    const bool as_it_was = asked.target == "/slow" && notes.incomplete && status == 0 && bytes == 0;
    told += as_it_was && took >= milliseconds(300) ? 1 : 100;
  };
  const service running(std::move(options));
  plain_connection busy(running.port());
  busy.write(get_request("/slow"));
  work.wait_until_begun();
  const auto began = clock::now();
  running->stop();
  EXPECT_TRUE(busy.ends_within(std::chrono::seconds(8)));
  EXPECT_GE(clock::now() - began, milliseconds(300));
  running->wait();
  EXPECT_LT(clock::now() - began, std::chrono::seconds(8)) << "the handler is still waiting, and is given up";
  EXPECT_EQ(running->open_connections(), 0U);
  EXPECT_TRUE(log_has(log, "1 request was given up"));
  EXPECT_EQ(told.load(), 1) << "a request has its line, however it ends";
}

TEST(server_shutdown, cuts_what_has_no_end_at_once_and_tells_of_it) {
  const server_files files(make_pki());
  const captured_log log;
  for (const bool secure : {false, true}) {
    auto options = options_for(log, secure ? files.config(tls::client_auth::none) : tls::config());
    std::atomic<net::loop*> loop{nullptr};
    options.on_thread = [&](net::loop& here) -> std::shared_ptr<void> {
      loop = &here;
      return nullptr;
    };
    // One is silent, one never is.
    options.answer = [&](request& asked, http::answer_notes&) -> task<response> {
      response made(200);
      made.endless = true;
      made.source = [&loop, quiet = asked.target == "/quiet",
                     first = true]() mutable -> task<std::optional<std::string>> {
        if (quiet && !std::exchange(first, false)) {
          auto nap = loop.load()->sleep(std::chrono::minutes(1));
          co_await nap;
        }
        co_return "piece";
      };
      co_return made;
    };
    std::atomic<int> told{0};
    options.on_answer = [&](const request&, const http::answer_notes& notes, int status, std::size_t bytes,
                            std::chrono::nanoseconds) {
      told += notes.incomplete && status == 200 && bytes > 0 ? 1 : 100;
    };
    const service running(std::move(options));
    std::vector<std::unique_ptr<plain_connection>> plain;
    std::vector<std::unique_ptr<tls_connection>> under_tls;
    for (const std::string path : {"/quiet", "/loud"}) {
      if (secure) {
        under_tls.push_back(std::make_unique<tls_connection>(running.port(), client_options()));
        under_tls.back()->write(get_request(path));
        EXPECT_NE(under_tls.back()->read_some(), "");
      } else {
        plain.push_back(std::make_unique<plain_connection>(running.port()));
        plain.back()->write(get_request(path));
        char byte = 0;
        EXPECT_EQ(::recv(plain.back()->fd(), &byte, 1, 0), 1);
      }
    }
    std::this_thread::sleep_for(milliseconds(200));
    const auto began = clock::now();
    running->stop();
    running->wait();
    EXPECT_LT(clock::now() - began, std::chrono::seconds(5));
    EXPECT_EQ(told.load(), 2);
  }
}

TEST(server_shutdown, cuts_half_requests_and_handshakes_too) {
  const server_files files(make_pki());
  const captured_log log;
  auto options = options_for(log, files.config(tls::client_auth::none));
  options.timeouts.shutdown = milliseconds(300);
  const service running(std::move(options));
  plain_connection shaking(running.port());
  shaking.write("\x16\x03\x01");
  tls_connection half(running.port(), {});
  half.write("GET / HT");
  std::this_thread::sleep_for(milliseconds(200));
  running->stop();
  EXPECT_TRUE(shaking.ends_within(std::chrono::seconds(5)));
  EXPECT_EQ(half.read_to_end(), "");
  running->wait();
}

TEST(server_shutdown, may_be_asked_for_more_than_once_and_at_once_by_the_destructor) {
  const captured_log log;
  plain_connection* open = nullptr;
  {
    const service running(options_for(log));
    open = new plain_connection(running.port());
    open->write("GET / HT");
    running->stop();
    running->stop();
  }
  const std::unique_ptr<plain_connection> owner(open);
  EXPECT_TRUE(owner->ends_within(std::chrono::seconds(5)));
}

TEST(server_start, on_a_port_in_use_is_an_error_that_says_so) {
  const captured_log log;
  const service first(options_for(log));
  auto options = options_for(log);
  options.threads = 2;
  options.listen = {first->endpoints().front().to_string()};
  const auto second = http::server::start(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), errc::io);
  EXPECT_THAT(second.error().message(), testing::HasSubstr(first->endpoints().front().to_string()));
  EXPECT_THAT(second.error().message(), testing::HasSubstr("another program uses this port"));
}

TEST(server_start, after_another_has_ended_gets_its_port) {
  const captured_log log;
  std::string where;
  {
    const service first(options_for(log));
    where = first->endpoints().front().to_string();
    plain_connection client(first.port());
    client.write(get_request("/", "Connection: close\r\n"));
    EXPECT_EQ(client.read_answer().status, 200);
  }
  auto options = options_for(log);
  options.listen = {where};
  EXPECT_TRUE(http::server::start(options));
}

TEST(server_start, without_anywhere_to_listen_is_an_error) {
  const captured_log log;
  auto options = options_for(log);
  options.listen = {};
  EXPECT_FALSE(http::server::start(options));
  options.listen = {"nonsense"};
  EXPECT_FALSE(http::server::start(options));
}

TEST(server_start, on_several_addresses_listens_on_each) {
  const captured_log log;
  auto options = options_for(log);
  options.listen = {"127.0.0.1:0", "127.0.0.2:0"};
  const service running(std::move(options));
  ASSERT_EQ(running->endpoints().size(), 2U);
  for (const auto& where : running->endpoints()) {
    const descriptor handle(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(handle.get(), where.get(), where.size()), 0) << where.to_string();
  }
}

TEST(server_threads, share_one_port_and_all_of_the_sessions) {
  const server_files files(make_pki());
  const captured_log log;
  auto options = options_for(log, files.config(tls::client_auth::required));
  options.threads = 4;
  const service running(std::move(options));
  const std::vector<identity> alice{files.people().client, files.people().intermediate};
  std::atomic<int> served{0};
  std::atomic<int> resumed{0};
  std::vector<std::thread> clients;
  for (int thread = 0; thread < 4; ++thread) {
    clients.emplace_back([&] {
      client_options how{.chain = alice, .server_name = "localhost"};
      for (int count = 0; count < 25; ++count) {
        const auto told = get(running.port(), how);
        served += told.status == 200 ? 1 : 0;
        resumed += told.resumed ? 1 : 0;
        how.session = told.session;
      }
    });
  }
  for (auto& each : clients) each.join();
  EXPECT_EQ(served.load(), 100);
  // Whichever thread a client comes to next.
  EXPECT_EQ(resumed.load(), 96);
}

}  // namespace
}  // namespace mutual::test
