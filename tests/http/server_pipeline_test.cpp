// Requests that come together: their answers go out together, and none waits for what is not there.
#include "http/filling_source.hpp"
#include "support/captured_log.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;

const std::string large(std::size_t{100} * 1024, 'l');

response with_source(std::optional<std::size_t> length, body_source source) {
  response made(200);
  made.source = std::move(source);
  made.length = length;
  return made;
}

// "/…" is answered at once, by its own name; those below by tasks.
class server_pipeline : public testing::Test {
 protected:
  server_pipeline() {
    options_.answer_at_once = [this](request& asked, http::answer_notes&) -> std::optional<response> {
      if (asked.target == "/slow") return std::nullopt;
      if (asked.target == "/large") return response(200, large);
      if (asked.target == "/file") return with_source(large.size(), file_like());
      if (asked.target == "/late") return with_source(std::size_t{1}, late());
      if (asked.target == "/chunks") return with_source(std::nullopt, pieces(3));
      if (asked.target == "/breaks") return with_source(std::size_t{10}, pieces(-1));
      return response(200, asked.target + asked.body);
    };
    options_.answer = [this](request& asked, http::answer_notes&) -> task<response> {
      while (!go_) {
        auto a_while = loop_->sleep(milliseconds(5));
        co_await a_while;
      }
      co_return response(200, asked.target);
    };
    options_.on_thread = [this](net::loop& on) {
      loop_ = &on;
      return nullptr;
    };
  }

  // So many pieces; an exception if it is less than none.
  static body_source pieces(int left) {
    return [left]() mutable -> task<std::optional<std::string>> {
      if (left < 0) throw std::runtime_error("no more of it");
      if (left-- == 0) co_return std::nullopt;
      co_return std::string("piece ");
    };
  }

  static body_source file_like() {
    http::filling_source made;
    made.fill = [at = std::size_t{0}](std::span<char> room) mutable -> task<std::size_t> {
      const auto count = std::min(room.size(), large.size() - at);
      std::copy_n(large.begin() + static_cast<std::ptrdiff_t>(at), count, room.begin());
      at += count;
      co_return count;
    };
    return made;
  }

  // A file that is not in memory yet.
  body_source late() {
    http::filling_source made;
    made.fill = [this](std::span<char> room) -> task<std::size_t> {
      while (!go_) {
        auto a_while = loop_->sleep(milliseconds(5));
        co_await a_while;
      }
      room.front() = 'f';
      co_return 1;
    };
    return made;
  }

  static std::vector<std::string> bodies(plain_connection& client, std::size_t count) {
    std::vector<std::string> all;
    for (std::size_t at = 0; at < count; ++at) all.push_back(client.read_answer().body);
    return all;
  }

  // Counts what the log hears, and keeps the targets of what was sent whole.
  http::answer_observer counting() {
    return [this](const request& asked, const http::answer_notes& notes, int, std::size_t, std::chrono::nanoseconds) {
      const std::scoped_lock lock(telling_);
      if (notes.incomplete) {
        ++told_cut_;
      } else {
        told_whole_.push_back(asked.target);
      }
    };
  }
  static void wait_until_left(const service& running) {
    for (int count = 0; count < 1000 && running->open_connections() != 0; ++count) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    ASSERT_EQ(running->open_connections(), 0U);
  }

  // To twenty requests in one record, where one connection has its turn for so long.
  int records_of_twenty_answers(milliseconds turn) {
    const server_files files(make_pki());
    auto options = options_for(log_, files.config(tls::client_auth::required));
    options.answer_at_once = options_.answer_at_once;
    options.turn = turn;
    const service running(std::move(options));
    tls_connection client(running.port(),
                          {.chain = {files.people().client, files.people().intermediate}, .server_name = "localhost"});
    std::string all;
    for (int count = 0; count < 20; ++count) all += get_request("/one");
    if (!client.write(all)) return -1;
    std::string got;
    int records = 0;
    while (answers_in(got).size() < 20) {
      const auto next = client.read_some();
      if (next.empty()) return -1;
      got += next;
      ++records;
    }
    return records;
  }

  captured_log log_;
  std::mutex telling_;
  std::vector<std::string> told_whole_;
  std::size_t told_cut_ = 0;
  http::server_options options_ = options_for(log_);
  std::atomic<bool> go_{false};
  net::loop* loop_ = nullptr;
};

TEST_F(server_pipeline, answers_to_what_one_read_has_brought_go_out_in_one_record) {
  EXPECT_EQ(records_of_twenty_answers(std::chrono::hours(1)), 1);
}

TEST_F(server_pipeline, others_have_their_turn_when_one_has_had_its_time) {
  EXPECT_EQ(records_of_twenty_answers(milliseconds(0)), 20);
}

TEST_F(server_pipeline, come_in_order_whatever_their_answers_are_made_of) {
  go_ = true;
  const service running(std::move(options_));
  plain_connection client(running.port());
  std::string all;
  for (const auto* target : {"/a", "/large", "/b", "/file", "/c", "/chunks", "/d", "/slow", "/e", "/file", "/f"})
    all += get_request(target);
  ASSERT_TRUE(client.write(all + post_request("body") + get_request("/g")));
  EXPECT_THAT(bodies(client, 13), testing::ElementsAre("/a", large, "/b", large, "/c", "piece piece piece ", "/d",
                                                       "/slow", "/e", large, "/f", "/body", "/g"));
}

TEST_F(server_pipeline, an_answer_does_not_wait_for_one_that_is_still_made) {
  const service running(std::move(options_));
  plain_connection client(running.port());
  ASSERT_TRUE(client.write(get_request("/quick") + get_request("/slow") + get_request("/after")));
  EXPECT_EQ(client.read_answer().body, "/quick");
  go_ = true;
  EXPECT_THAT(bodies(client, 2), testing::ElementsAre("/slow", "/after"));
}

TEST_F(server_pipeline, an_answer_does_not_wait_for_a_body_that_is_not_there_yet) {
  const service running(std::move(options_));
  plain_connection client(running.port());
  ASSERT_TRUE(client.write(get_request("/quick") + get_request("/late") + get_request("/after")));
  EXPECT_EQ(client.read_answer().body, "/quick");
  go_ = true;
  EXPECT_THAT(bodies(client, 2), testing::ElementsAre("f", "/after"));
}

TEST_F(server_pipeline, an_answer_does_not_wait_for_the_rest_of_a_request) {
  const service running(std::move(options_));
  plain_connection client(running.port());
  const auto next = get_request("/next");
  ASSERT_TRUE(client.write(get_request("/quick") + next.substr(0, 20)));
  EXPECT_EQ(client.read_answer().body, "/quick");
  const auto third = post_request("body");
  ASSERT_TRUE(client.write(next.substr(20) + third.substr(0, third.size() - 1)));
  EXPECT_EQ(client.read_answer().body, "/next");
  ASSERT_TRUE(client.write(third.substr(third.size() - 1)));
  EXPECT_EQ(client.read_answer().body, "/body");
}

TEST_F(server_pipeline, an_answer_comes_before_what_asks_for_the_next_requests_body) {
  const service running(std::move(options_));
  plain_connection client(running.port());
  const auto whole = post_request("body", "Expect: 100-continue\r\n");
  ASSERT_TRUE(client.write(get_request("/quick") + whole.substr(0, whole.size() - 4)));
  EXPECT_EQ(client.read_answer().body, "/quick");
  EXPECT_EQ(client.read_answer().status, 100);
  ASSERT_TRUE(client.write("body"));
  EXPECT_EQ(client.read_answer().body, "/body");
}

TEST_F(server_pipeline, an_answer_is_not_lost_to_what_is_wrong_behind_it) {
  const service running(std::move(options_));
  for (const std::string wrong : {"NO SUCH THING\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"}) {
    plain_connection client(running.port());
    ASSERT_TRUE(client.write(get_request("/quick") + wrong));
    EXPECT_EQ(client.read_answer().body, "/quick");
    EXPECT_EQ(client.read_answer().status, 400);
  }
  plain_connection client(running.port());
  ASSERT_TRUE(client.write(get_request("/quick") + get_request("/breaks") + get_request("/never")));
  EXPECT_EQ(client.read_answer().body, "/quick");
  EXPECT_EQ(client.read_answer().status, 0) << "it broke off";
}

TEST_F(server_pipeline, who_says_close_gets_all_answers_up_to_that_one) {
  const service running(std::move(options_));
  plain_connection client(running.port());
  ASSERT_TRUE(client.write(get_request("/a") + get_request("/b", "Connection: close\r\n") + get_request("/c")));
  EXPECT_THAT(bodies(client, 2), testing::ElementsAre("/a", "/b"));
  EXPECT_EQ(client.read_answer().status, 0);
}

TEST_F(server_pipeline, who_is_revoked_meanwhile_gets_what_was_answered_before_and_no_more) {
  const server_files files(make_pki());
  auto options = options_for(log_, files.config(tls::client_auth::required, true));
  http::server* serving = nullptr;
  options.answer_at_once = [&](request& asked, http::answer_notes&) {
    std::thread other([&] {
      files.write_revocations({files.people().client});
      EXPECT_TRUE(serving->reload());
    });
    other.join();
    return response(200, asked.target);
  };
  options.on_answer = counting();
  const service running(std::move(options));
  serving = &*running;
  const client_options alice{.chain = {files.people().client, files.people().intermediate}, .server_name = "localhost"};
  tls_connection client(running.port(), alice);
  ASSERT_TRUE(client.write(get_request("/before") + get_request("/after")));
  const auto got = answers_in(client.read_to_end());
  client.vanish();
  wait_until_left(running);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].body, "/before");
  EXPECT_TRUE(log_.wait_for("revoked"));
  EXPECT_THAT(told_whole_, testing::ElementsAre("/before"));
  EXPECT_EQ(told_cut_, 1U) << "whoever has no answer has a line all the same";
}

TEST_F(server_pipeline, answers_that_did_not_go_out_are_none_that_the_log_calls_whole) {
  options_.answer_at_once = [](request&, http::answer_notes&) { return response(200, std::string(1000, 'b')); };
  options_.on_answer = counting();
  options_.timeouts.write = milliseconds(300);
  const service running(std::move(options_));
  plain_connection client(running.port());
  std::string all;
  for (int count = 0; count < 12'000; ++count) all += get_request();
  (void)client.write(all);
  for (int count = 0; count < 1000; ++count) {
    std::this_thread::sleep_for(milliseconds(10));
    const std::scoped_lock lock(telling_);
    if (told_cut_ > 0) break;
  }
  const auto got = answers_in(client.read_to_end()).size();
  client.vanish();
  wait_until_left(running);
  EXPECT_LE(told_whole_.size(), got);
  EXPECT_GE(told_whole_.size() + told_cut_, got);
  EXPECT_LT(got, 12'000U) << "the network took them all";
}

}  // namespace
}  // namespace mutual::test
