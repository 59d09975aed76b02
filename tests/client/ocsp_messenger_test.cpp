// Questions on their way to OCSP responders: what an answer may cost, and that each is heard of.
#include "client/ocsp_messenger.hpp"

#include "client/live.hpp"

#include <fmt/format.h>

#include <array>
#include <condition_variable>
#include <mutex>
#include <sys/socket.h>

namespace mutual::client {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using ::testing::HasSubstr;

std::string as_answer(const std::string& body, std::string_view type = "application/ocsp-response",
                      std::string_view status = "200 OK") {
  return fmt::format("HTTP/1.0 {}\r\nContent-type: {}\r\nContent-Length: {}\r\n\r\n{}", status, type, body.size(),
                     body);
}

// Plays a responder that says always the same.
std::function<void(int)> saying(std::string what) {
  return [what = std::move(what)](int fd) {
    (void)test::read_plain_head(fd);
    test::write_plain(fd, what);
    test::drain(fd);
  };
}

// Listens until the other end has enough.
void say_nothing(int fd) {
  std::array<char, 256> heard{};
  while (::recv(fd, heard.data(), heard.size(), 0) > 0) continue;
}

// What is heard, in the order of hearing.
class ear {
 public:
  tls::ocsp_question_to ask(std::string url, std::string question = "question") {
    tls::ocsp_question_to one;
    one.url = std::move(url);
    one.question = [question = std::move(question)] { return result<std::string>(question); };
    one.heard = [this](result<std::string> got) {
      const std::scoped_lock lock(guard_);
      heard_.push_back(got ? "answer: " + *got : got.error().message());
      came_.notify_all();
    };
    return one;
  }
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(guard_);
    EXPECT_TRUE(came_.wait_for(lock, 20s, [&] { return heard_.size() >= count; }));
    return heard_;
  }

 private:
  std::mutex guard_;
  std::condition_variable came_;
  std::vector<std::string> heard_;
};

std::string told_by(std::function<void(int)> serve, std::chrono::milliseconds patience = 5s) {
  ear hears;
  test::one_server there(std::move(serve));
  ocsp_messenger carries({.patience = patience});
  carries.carry(hears.ask(there.url("http", "/ocsp")));
  return hears.wait_for(1).front();
}

TEST(an_ocsp_messenger, brings_a_question_and_its_answer) {
  ear hears;
  std::string came;
  test::one_server there([&came](int fd) {
    came = test::read_plain_head(fd);
    std::array<char, 8> body{};
    if (!came.ends_with("question"))
      came += std::string(body.data(), static_cast<std::size_t>(::recv(fd, body.data(), 8, MSG_WAITALL)));
    test::write_plain(fd, as_answer("words"));
    test::drain(fd);
  });
  ocsp_messenger carries({});
  carries.carry(hears.ask(there.url("http", "/ocsp")));
  EXPECT_EQ(hears.wait_for(1).front(), "answer: words");
  EXPECT_TRUE(came.starts_with("POST /ocsp HTTP/1.1\r\n")) << came;
  EXPECT_THAT(came, HasSubstr("Content-Type: application/ocsp-request\r\n"));
  EXPECT_TRUE(came.ends_with("\r\n\r\nquestion")) << came;
}

TEST(an_ocsp_messenger, takes_no_answer_that_is_none) {
  EXPECT_THAT(told_by(saying(as_answer("x", "text/html"))), HasSubstr("no OCSP responder (HTTP status 200)"));
  EXPECT_THAT(told_by(saying(as_answer("x", "application/ocsp-response", "500 Oh"))), HasSubstr("HTTP status 500"));
  EXPECT_THAT(told_by(saying("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")),
              HasSubstr("HTTP status 302"))
      << "no redirection is followed";
  EXPECT_THAT(told_by(saying(as_answer(std::string(70'000, 'x')))), HasSubstr("larger than"));
  EXPECT_THAT(told_by([](int) {}), HasSubstr("closed the connection"));
}

TEST(an_ocsp_messenger, is_patient_for_so_long_with_one_that_drips_or_says_nothing) {
  const auto drip = [](int fd) {
    const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: 9999\r\n\r\n";
    auto alive = ::send(fd, head.data(), head.size(), MSG_NOSIGNAL) > 0;
    while (alive) {
      std::this_thread::sleep_for(20ms);
      alive = ::send(fd, "x", 1, MSG_NOSIGNAL) == 1;
    }
  };
  const auto began = clock::now();
  EXPECT_THAT(told_by(drip, 300ms), HasSubstr("no answer has come whole within 300 ms"));
  EXPECT_THAT(told_by(say_nothing, 300ms), HasSubstr("no answer has come whole"));
  EXPECT_LT(clock::now() - began, 15s);
}

TEST(an_ocsp_messenger, goes_nowhere_but_over_plain_http) {
  ear hears;
  ocsp_messenger carries({});
  for (const auto* where : {"https://localhost/", "file:///etc/passwd", "", "http://", "http://a:b@localhost/"}) {
    carries.carry(hears.ask(where));
  }
  for (const auto& one : hears.wait_for(5)) EXPECT_FALSE(one.starts_with("answer")) << one;
}

TEST(an_ocsp_messenger, says_what_stands_in_the_way) {
  unsigned short port = 0;
  {
    const test::one_server gone([](int) {});
    port = gone.port();
  }
  ear hears;
  ocsp_messenger carries({});
  carries.carry(hears.ask(fmt::format("http://127.0.0.1:{}/", port)));
  EXPECT_FALSE(hears.wait_for(1).front().starts_with("answer"));
  tls::ocsp_question_to none = hears.ask("http://127.0.0.1:1/");
  none.question = [] { return result<std::string>(error(errc::internal, "cannot ask")); };
  carries.carry(std::move(none));
  EXPECT_EQ(hears.wait_for(2).back(), "cannot ask");
}

TEST(an_ocsp_messenger, lets_so_many_wait_and_each_is_heard_of) {
  ear hears;
  test::one_server silent(say_nothing);
  ocsp_messenger carries({.patience = 500ms, .most_under_way = 4, .most_for_each = 2, .most_waiting = 3});
  for (int count = 0; count < 20; ++count) carries.carry(hears.ask(silent.url("http")));
  const auto heard = hears.wait_for(20);
  const auto turned_away = std::count_if(heard.begin(), heard.end(), [](const std::string& one) {
    return one.find("too many questions wait") != std::string::npos;
  });
  EXPECT_EQ(turned_away, 20 - 2 - 3) << "two under way, three that wait";
}

TEST(an_ocsp_messenger, that_one_is_silent_does_not_stop_the_others) {
  ear hears;
  test::one_server silent(say_nothing);
  test::one_server well(saying(as_answer("words")));
  ocsp_messenger carries({.patience = 10s, .most_under_way = 4, .most_for_each = 2});
  for (int count = 0; count < 10; ++count) carries.carry(hears.ask(silent.url("http")));
  carries.carry(hears.ask(well.url("http")));
  EXPECT_EQ(hears.wait_for(1).front(), "answer: words");
  carries.stop();
  EXPECT_EQ(hears.wait_for(11).size(), 11U);
}

TEST(an_ocsp_messenger, that_is_stopped_tells_everybody_who_waits) {
  ear hears;
  test::one_server silent(say_nothing);
  ocsp_messenger carries({.patience = 60s, .most_for_each = 1});
  for (int count = 0; count < 3; ++count) carries.carry(hears.ask(silent.url("http")));
  std::this_thread::sleep_for(100ms);
  const auto began = clock::now();
  carries.stop();
  EXPECT_LT(clock::now() - began, 10s);
  carries.carry(hears.ask(silent.url("http")));
  const std::vector<std::string> all(4, "the service is stopping");
  EXPECT_EQ(hears.wait_for(4), all);
}

}  // namespace
}  // namespace mutual::client
