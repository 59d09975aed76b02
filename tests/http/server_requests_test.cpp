// What a connection makes of requests that come in order, at once, in pieces, or of an older kind.
#include "support/captured_log.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;

// "METHOD TARGET BODY", so that a test sees what the handler saw.
task<response> echo(request& asked, http::answer_notes&) {
  co_return response(200, asked.method + " " + asked.target + " " + asked.body);
}

class server_requests : public testing::Test {
 protected:
  server_requests() {
    options_.answer = echo;
    options_.limits.body_bytes = 4096;
  }
  const service& running() {
    if (!service_) service_ = std::make_unique<service>(options_);
    return *service_;
  }
  unsigned short port() { return running().port(); }

  captured_log log_;
  http::server_options options_ = options_for(log_);

 private:
  std::unique_ptr<service> service_;
};

TEST_F(server_requests, come_one_after_another_on_a_connection_that_stays) {
  plain_connection client(port());
  for (int count = 0; count < 5; ++count) {
    ASSERT_TRUE(client.write(get_request("/" + std::to_string(count))));
    const auto got = client.read_answer();
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.body, "GET /" + std::to_string(count) + " ");
    EXPECT_THAT(got.head, testing::Not(testing::HasSubstr("Connection: close")));
    EXPECT_THAT(got.head, testing::HasSubstr("\r\nDate: "));
  }
}

TEST_F(server_requests, a_hundred_in_one_write_are_answered_in_order) {
  std::string all;
  for (int count = 0; count < 99; ++count) {
    all += count % 2 == 0 ? get_request("/" + std::to_string(count)) : post_request(std::to_string(count));
  }
  plain_connection client(port());
  client.write(all + get_request("/last", "Connection: close\r\n"));
  const auto got = answers_in(client.read_to_end());
  ASSERT_EQ(got.size(), 100U);
  for (int count = 0; count < 99; ++count) {
    const auto number = std::to_string(count);
    EXPECT_EQ(got[static_cast<std::size_t>(count)].body, count % 2 == 0 ? "GET /" + number + " " : "POST / " + number);
  }
  EXPECT_EQ(got.back().body, "GET /last ");
}

TEST_F(server_requests, a_body_in_chunks_arrives_whole_however_it_is_cut) {
  const std::string whole =
      "POST /c HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n1\r\n,\r\n6\r\n world\r\n0\r\n\r\n";
  plain_connection client(port());
  for (const std::size_t piece : {whole.size(), std::size_t{7}, std::size_t{1}}) {
    for (std::size_t at = 0; at < whole.size(); at += piece) {
      client.write(std::string_view(whole).substr(at, piece));
      if (piece < 7) std::this_thread::sleep_for(milliseconds(1));
    }
    EXPECT_EQ(client.read_answer().body, "POST /c hello, world");
  }
}

TEST_F(server_requests, a_client_that_waits_for_100_is_told_to_go_on_and_then_answered) {
  plain_connection client(port());
  client.write("POST /e HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100);
  client.write("hello");
  const auto got = client.read_answer();
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "POST /e hello");
  client.write(get_request("/next"));
  EXPECT_EQ(client.read_answer().body, "GET /next ");
}

TEST_F(server_requests, a_client_that_sends_its_body_without_waiting_for_100_is_not_told_to_go_on) {
  plain_connection client(port());
  client.write(post_request("hello", "Expect: 100-continue\r\n"));
  EXPECT_EQ(client.read_answer().status, 200);
}

TEST_F(server_requests, a_body_that_will_not_be_taken_is_refused_before_it_is_sent) {
  plain_connection too_large(port());
  too_large.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4097\r\nExpect: 100-continue\r\n\r\n");
  const auto got = answers_in(too_large.read_to_end());
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].status, 413);
  EXPECT_THAT(got[0].head, testing::HasSubstr("Connection: close"));
}

TEST_F(server_requests, a_request_that_is_refused_by_its_head_is_answered_without_its_body) {
  std::atomic<int> asked{0};
  options_.check_head = [](const request& head) {
    return http::body_terms{.limit = std::nullopt, .wanted = head.target != "/forbidden"};
  };
  options_.answer = [&asked](request& one, http::answer_notes&) -> task<response> {
    ++asked;
    co_return response(one.target == "/forbidden" ? 403 : 200, one.body);
  };
  for (const std::string expect : {"", "Expect: 100-continue\r\n"}) {
    plain_connection client(port());
    client.write("POST /forbidden HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n" + expect + "\r\n");
    const auto got = answers_in(client.read_to_end());
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].status, 403);
    EXPECT_EQ(got[0].body, "");
    EXPECT_THAT(got[0].head, testing::HasSubstr("Connection: close"));
  }
  EXPECT_EQ(asked.load(), 2);
}

TEST_F(server_requests, without_a_body_are_not_asked_about_it) {
  std::atomic<int> asked{0};
  options_.check_head = [&asked](const request&) {
    ++asked;
    return http::body_terms{};
  };
  plain_connection client(port());
  client.write(get_request() + post_request(""));
  EXPECT_EQ(client.read_answer().status, 200);
  EXPECT_EQ(client.read_answer().status, 200);
  EXPECT_EQ(asked.load(), 0);
  client.write(post_request("x"));
  EXPECT_EQ(client.read_answer().status, 200);
  EXPECT_EQ(asked.load(), 1);
}

TEST_F(server_requests, a_route_may_take_a_smaller_body_than_the_server) {
  options_.check_head = [](const request&) { return http::body_terms{.limit = 10, .wanted = true}; };
  plain_connection fits(port());
  fits.write(post_request("0123456789"));
  EXPECT_EQ(fits.read_answer().status, 200);
  for (const std::string body : {"b\r\n0123456789a\r\n0\r\n\r\n", "6\r\n012345\r\n6\r\n012345\r\n0\r\n\r\n"}) {
    plain_connection too_large(port());
    too_large.write("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
    EXPECT_EQ(too_large.read_answer().status, 413);
  }
  plain_connection announced(port());
  announced.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(announced.read_answer().status, 413) << "what is known to be too large is not asked for";
}

TEST_F(server_requests, head_is_answered_like_get_without_the_body) {
  plain_connection client(port());
  client.write("HEAD /h HTTP/1.1\r\nHost: localhost\r\n\r\n" + get_request("/next", "Connection: close\r\n"));
  const auto all = client.read_to_end();
  EXPECT_TRUE(all.starts_with("HTTP/1.1 200 OK\r\n"));
  const auto end = all.find("\r\n\r\n");
  EXPECT_NE(all.substr(0, end).find("Content-Length: 8"), std::string::npos) << all;
  EXPECT_TRUE(all.substr(end + 4).starts_with("HTTP/1.1 200 OK")) << all;
  EXPECT_TRUE(all.ends_with("GET /next "));
}

TEST_F(server_requests, of_http_1_0_close_the_connection_unless_they_say_otherwise) {
  plain_connection closes(port());
  closes.write("GET /old HTTP/1.0\r\n\r\n");
  const auto got = answers_in(closes.read_to_end());
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].body, "GET /old ");

  plain_connection stays(port());
  for (int count = 0; count < 2; ++count) {
    stays.write("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const auto one = stays.read_answer();
    EXPECT_EQ(one.status, 200);
    EXPECT_THAT(one.head, testing::HasSubstr("Connection: keep-alive"));
  }
}

TEST_F(server_requests, that_say_close_are_the_last) {
  plain_connection client(port());
  client.write(get_request("/last", "Connection: close\r\n") + get_request("/beyond"));
  const auto got = answers_in(client.read_to_end());
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].body, "GET /last ");
}

TEST_F(server_requests, of_a_client_that_finishes_writing_first_are_still_answered) {
  plain_connection client(port());
  client.write(get_request("/one") + get_request("/two"));
  client.finish_writing();
  EXPECT_EQ(answers_in(client.read_to_end()).size(), 2U);
}

TEST_F(server_requests, a_handler_that_throws_is_a_500_and_a_line_in_the_log) {
  options_.answer = [](request& asked, http::answer_notes&) -> task<response> {
    if (asked.target == "/thrown") throw std::runtime_error("the disk is on fire");
    if (asked.target == "/odd") throw 7;
    if (asked.target == "/split") co_return response(200).with("X-Split", "a\r\nSet-Cookie: evil");
    co_return response(200, "fine");
  };
  plain_connection client(port());
  for (const char* target : {"/thrown", "/odd", "/split"}) {
    client.write(get_request(target));
    const auto got = client.read_answer();
    EXPECT_EQ(got.status, 500) << target;
    EXPECT_THAT(got.head + got.body, testing::Not(testing::HasSubstr("evil")));
    EXPECT_THAT(got.body, testing::Not(testing::HasSubstr("on fire")))
        << "what went wrong inside is no client's business";
  }
  client.write(get_request("/fine"));
  EXPECT_EQ(client.read_answer().body, "fine");
  EXPECT_TRUE(log_.wait_for("the disk is on fire"));
}

TEST_F(server_requests, each_is_told_to_the_observer_with_what_became_of_it) {
  struct seen {
    std::string target;
    int status;
    std::size_t bytes;
  };
  std::vector<seen> all;
  std::mutex guard;
  options_.on_answer = [&](const request& asked, const http::answer_notes&, int status, std::size_t bytes,
                           std::chrono::nanoseconds took) {
    EXPECT_GE(took.count(), 0);
    EXPECT_NE(asked.connection, nullptr);
    const std::scoped_lock lock(guard);
    all.push_back({asked.target, status, bytes});
  };
  {
    plain_connection client(port());
    client.write(get_request("/one") + get_request("/two") + "nonsense\r\n\r\n");
    EXPECT_EQ(answers_in(client.read_to_end()).size(), 3U);
  }
  for (int count = 0; count < 100 && running()->open_connections() != 0; ++count) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  const std::scoped_lock lock(guard);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].target, "/one");
  EXPECT_EQ(all[0].bytes, 9U);
  EXPECT_EQ(all[1].status, 200);
  EXPECT_EQ(all[2].status, 400);
}

TEST_F(server_requests, are_told_to_the_observer_as_they_came_whatever_their_handler_made_of_them) {
  std::promise<std::string> told;
  options_.on_answer = [&](const request& asked, const http::answer_notes&, int, std::size_t,
                           std::chrono::nanoseconds) {
    told.set_value(asked.method + " " + asked.target + " HTTP/1." + std::to_string(asked.version_minor) + " " +
                   (asked.connection ? asked.connection->remote_address : ""));
  };
  options_.answer = [](request& asked, http::answer_notes&) -> task<response> {
    const request taken = std::move(asked);
    asked.target = "/elsewhere";
    asked.version_minor = 7;
    asked.connection = nullptr;
    co_return response(200);
  };
  plain_connection client(port());
  client.write(get_request("/a-target-that-is-longer-than-a-short-string"));
  EXPECT_EQ(client.read_answer().status, 200);
  auto line = told.get_future();
  ASSERT_EQ(line.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(line.get(), "GET /a-target-that-is-longer-than-a-short-string HTTP/1.1 127.0.0.1");
}

}  // namespace
}  // namespace mutual::test
