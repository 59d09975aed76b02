// HTTP/2 over a real server: requests beside one another, slow ones among them, and how it ends.
#include "support/captured_log.hpp"
#include "support/h2_client.hpp"
#include "support/service.hpp"

#include <mutual/body.hpp>

#include <array>
#include <atomic>
#include <mutex>
#include <thread>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using tls::client_auth;
using clock = std::chrono::steady_clock;

// Answers by the path: what it asks for is in its first segment.
class paths {
 public:
  void on(http::server_options& options) {
    options.on_thread = [this](net::loop& loop) {
      loop_ = &loop;
      return nullptr;
    };
    options.answer = [this](request& asked, http::answer_notes& notes) { return answer(asked, notes); };
    options.on_answer = [this](const request& asked, const http::answer_notes& notes, int status, std::size_t bytes,
                               std::chrono::nanoseconds) {
      const std::scoped_lock lock(guard_);
      lines_.push_back(asked.method + " " + asked.target + " " + std::to_string(asked.version_major) + " " +
                       std::to_string(status) + " " + std::to_string(bytes) + (notes.incomplete ? " incomplete" : ""));
    };
  }
  std::vector<std::string> lines() {
    const std::scoped_lock lock(guard_);
    return lines_;
  }
  bool wait_for_line(const std::string& line) {
    for (int count = 0; count < 500; ++count) {
      const auto all = lines();
      if (std::find(all.begin(), all.end(), line) != all.end()) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }

  // A task's own, which goes with it.
  class alive {
   public:
    explicit alive(std::atomic<int>& count) : count_(count) { ++count_; }
    ~alive() { --count_; }
    alive(const alive&) = delete;
    alive& operator=(const alive&) = delete;

   private:
    std::atomic<int>& count_;
  };

  std::atomic<int> waiting{0}, came{0};
  std::atomic<bool> go{false};
  std::atomic<int> running{0};
  std::atomic<std::size_t> pieces_given{0};
  std::atomic<std::size_t> bytes_read{0};

 private:
  task<response> answer(request& asked, http::answer_notes&) {
    const auto path = std::string(asked.path());
    if (path == "/wait") {
      ++running;
      while (!go) {
        auto a_while = loop_->sleep(milliseconds(5));
        co_await a_while;
      }
      co_return response(200, "waited");
    }
    if (path == "/large") co_return response(200, std::string(std::size_t{4} << 20U, 'x'));
    if (path == "/feed") {
      response made(200);
      made.endless = true;
      made.source = [this]() -> task<std::optional<std::string>> {
        ++pieces_given;
        auto a_while = loop_->sleep(milliseconds(2));
        co_await a_while;
        co_return "data: news\n\n";
      };
      co_return made;
    }
    if (path == "/quiet") {
      response made(200);
      made.endless = true;
      made.source = [this]() -> task<std::optional<std::string>> {
        const alive here(waiting);
        auto a_while = loop_->sleep(seconds(60));
        co_await a_while;
        co_return "late";
      };
      co_return made;
    }
    if (path == "/slow") {
      response made(200);
      made.source = [this]() -> task<std::optional<std::string>> {
        const alive here(waiting);
        auto a_while = loop_->sleep(milliseconds(300));
        co_await a_while;
        ++came;
        co_return "piece";
      };
      co_return made;
    }
    if (path == "/unread") co_return response(200, asked.body_unread ? "unread" : "read");
    if (path == "/endless" || path == "/broken" || path == "/pieces") {
      response made(200);
      auto count = std::make_shared<int>(0);
      made.source = [this, count, path]() -> task<std::optional<std::string>> {
        ++*count;
        ++pieces_given;
        if (path == "/pieces" && *count > 10) co_return std::nullopt;
        if (path == "/broken" && *count > 3) throw std::runtime_error("no more");
        auto a_while = loop_->sleep(milliseconds(*count % 2));
        co_await a_while;
        co_return std::string(10'000, 'y');
      };
      co_return made;
    }
    if (path == "/read") {
      while (!go) {
        auto a_while = loop_->sleep(milliseconds(5));
        co_await a_while;
      }
      const auto source = asked.source;
      for (;;) {
        auto next = source();
        const auto piece = co_await next;
        if (!piece) break;
        bytes_read += piece->size();
      }
      co_return response(200, std::to_string(bytes_read.load()));
    }
    if (path == "/echo") {
      response made(200);
      made.source = asked.source;
      co_return made;
    }
    if (path == "/close") co_return response(200, "bye").with("Connection", "close");
    if (path == "/throw") throw std::runtime_error("on purpose");
    co_return response(200, "ok");
  }

  net::loop* loop_ = nullptr;
  std::mutex guard_;
  std::vector<std::string> lines_;
};

class h2_service : public testing::Test {
 protected:
  h2_service() {
    options_.check_head = [](const request& head) {
      http::body_terms terms;
      terms.streamed = head.target == "/read" || head.target == "/echo";
      terms.wanted = head.target != "/unread";
      if (terms.streamed) terms.limit = std::size_t{1} << 32U;
      return terms;
    };
    options_.largest_body = std::size_t{1} << 32U;
    paths_.on(options_);
  }
  client_options alice() const {
    return {.chain = {files_.people().client, files_.people().intermediate}, .server_name = "localhost"};
  }
  static bool wait_until(const std::function<bool()>& holds) {
    for (int count = 0; count < 500 && !holds(); ++count) std::this_thread::sleep_for(milliseconds(10));
    return holds();
  }
  const service* running() const { return service_.get(); }
  const service& serving() {
    service_ = std::make_unique<service>(options_);
    return *service_;
  }

  server_files files_{make_pki()};
  captured_log log_;
  paths paths_;
  http::server_options options_ = options_for(log_, files_.config(client_auth::required, true));

 private:
  std::unique_ptr<service> service_;
};

TEST_F(h2_service, a_slow_handler_and_an_endless_answer_hold_up_nobody_else) {
  h2_client client(serving().port(), alice());
  const auto slow = client.ask("/wait");
  const auto endless = client.ask("/endless");
  const auto large = client.ask("/large");
  for (int count = 0; count < 20; ++count) EXPECT_EQ(client.get("/").body, "ok");
  EXPECT_FALSE(client.answer(slow).ended);
  EXPECT_EQ(client.wait_for(large).body.size(), std::size_t{4} << 20U);
  EXPECT_GT(client.answer(endless).body.size(), 0U);
  client.reset(endless);
  paths_.go = true;
  EXPECT_EQ(client.wait_for(slow).body, "waited");
  EXPECT_TRUE(paths_.wait_for_line("GET /wait 2 200 6"));
  EXPECT_TRUE(paths_.wait_for_line("GET /large 2 200 4194304"));
}

TEST_F(h2_service, a_hundred_requests_run_beside_one_another) {
  h2_client client(serving().port(), alice());
  std::vector<std::uint32_t> all;
  for (int count = 0; count < 100; ++count) all.push_back(client.ask("/wait"));
  for (int count = 0; paths_.running < 100 && count < 500; ++count) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(paths_.running.load(), 100);
  paths_.go = true;
  for (const auto id : all) EXPECT_EQ(client.wait_for(id).body, "waited");
  EXPECT_EQ(client.get("/").body, "ok");
}

TEST_F(h2_service, an_answer_in_pieces_is_whole_and_one_that_breaks_off_does_not_look_so) {
  h2_client client(serving().port(), alice());
  EXPECT_EQ(client.get("/pieces").body.size(), 100'000U);
  const auto& broken = client.get("/broken");
  EXPECT_FALSE(broken.ended);
  EXPECT_EQ(broken.code, internal_error);
  EXPECT_EQ(client.get("/throw").status, 500);
  EXPECT_EQ(client.get("/").body, "ok") << "the others are not concerned";
  EXPECT_TRUE(paths_.wait_for_line("GET /broken 2 200 30000 incomplete"));
}

TEST_F(h2_service, who_does_not_read_is_asked_for_no_more_pieces_and_given_up_in_time) {
  options_.timeouts.write = milliseconds(400);
  h2_client client(serving().port(), alice(), {.gives_room = false});
  const auto stuck = client.ask("/endless");
  const auto began = clock::now();
  const auto& answer = client.wait_for(stuck);
  EXPECT_EQ(answer.code, cancel);
  EXPECT_EQ(answer.body.size(), 65'535U);
  EXPECT_LE(paths_.pieces_given.load(), 8U);
  EXPECT_GE(clock::now() - began, milliseconds(350));
  EXPECT_LT(clock::now() - began, seconds(8));
  EXPECT_TRUE(paths_.wait_for_line("GET /endless 2 200 65535 incomplete"));
}

TEST_F(h2_service, who_does_not_take_what_is_written_is_cut_off_in_time) {
  options_.timeouts.write = milliseconds(400);
  const auto& running = serving();
  h2_client client(running.port(), alice(), {.window = 0x7FFFFFFF});
  client.write(h2_frame(window_frame, 0, 0, number32(0x7FFFFFFF - 65'535)));
  for (int count = 0; count < 20; ++count) client.ask("/large");
  std::this_thread::sleep_for(seconds(2));
  EXPECT_EQ(running->open_connections(), 0U);
}

TEST_F(h2_service, a_body_that_trickles_is_refused_and_a_silent_connection_ends) {
  options_.timeouts.body = milliseconds(300);
  options_.timeouts.idle = milliseconds(700);
  h2_client client(serving().port(), alice());
  const auto late = client.begin(request_fields("POST"));
  client.send_body(late, "a", false);
  EXPECT_EQ(client.wait_for(late).status, 408);
  EXPECT_TRUE(paths_.wait_for_line("POST / 2 408 " + std::to_string(client.answer(late).body.size())));
  // Pings are no requests.
  const auto began = clock::now();
  while (client.goaways().empty() && clock::now() - began < seconds(8)) {
    if (!client.write(h2_frame(ping_frame, 0, 0, "12345678")) || !client.read_once()) break;
    std::this_thread::sleep_for(milliseconds(50));
  }
  ASSERT_FALSE(client.goaways().empty());
  EXPECT_EQ(client.goaways().front().first, no_error);
}

TEST_F(h2_service, a_body_is_read_piece_by_piece_and_a_slow_handler_slows_the_sender) {
  h2_client client(serving().port(), alice());
  const auto id = client.begin(request_fields("POST", "/read", {{"content-length", "1000000"}}));
  client.send_body(id, std::string(1'000'000, 'x'), true);
  EXPECT_EQ(client.get("/").body, "ok") << "nobody else waits for it";
  EXPECT_EQ(nghttp2_session_get_stream_remote_window_size(client.native(), static_cast<std::int32_t>(id)), 0);
  paths_.go = true;
  EXPECT_EQ(client.wait_for(id).body, "1000000");
}

TEST_F(h2_service, a_body_goes_back_as_it_comes) {
  h2_client client(serving().port(), alice());
  const auto id = client.begin(request_fields("POST", "/echo"));
  for (int count = 0; count < 20; ++count) {
    client.send_body(id, std::string(20'000, static_cast<char>('a' + count)), false);
    const auto so_far = static_cast<std::size_t>(count + 1) * 20'000;
    EXPECT_TRUE(client.read_until([&] { return client.answer(id).body.size() == so_far; }));
  }
  client.send_body(id, "", true);
  EXPECT_TRUE(client.wait_for(id).ended);
}

TEST_F(h2_service, a_source_that_waits_goes_at_once_when_its_reader_does_and_makes_room_for_others) {
  h2_client client(serving().port(), alice());
  std::vector<std::uint32_t> all;
  for (int count = 0; count < 100; ++count) all.push_back(client.ask("/quiet"));
  EXPECT_TRUE(client.read_until([&] { return client.answer(all.back()).status == 200; }));
  EXPECT_TRUE(wait_until([&] { return paths_.waiting == 100; }));
  for (const auto id : all) client.reset(id);
  EXPECT_EQ(client.get("/").body, "ok") << "at once";
  EXPECT_EQ(paths_.waiting.load(), 0);
  EXPECT_TRUE(paths_.wait_for_line("GET /quiet 2 200 0 incomplete"));
  {
    h2_client other(running()->port(), alice());
    const auto id = other.ask("/quiet");
    EXPECT_TRUE(other.read_until([&] { return other.answer(id).status == 200; }));
    EXPECT_TRUE(wait_until([&] { return paths_.waiting == 1; }));
  }
  EXPECT_TRUE(wait_until([&] { return paths_.waiting == 0; })) << "with its connection, too";
}

TEST_F(h2_service, a_source_with_an_end_comes_to_it_when_its_reader_goes) {
  h2_client client(serving().port(), alice());
  const auto id = client.ask("/slow");
  EXPECT_TRUE(wait_until([&] { return paths_.waiting == 1; }));
  client.reset(id);
  EXPECT_EQ(client.get("/").body, "ok");
  EXPECT_TRUE(wait_until([&] { return paths_.waiting == 0; }));
  EXPECT_EQ(paths_.came.load(), 1) << "what it waits for may be a worker's, and to give that up would be to wait";
}

TEST_F(h2_service, a_body_in_pieces_that_its_client_takes_back_ends_its_handler) {
  h2_client client(serving().port(), alice());
  paths_.go = true;
  const auto id = client.begin(request_fields("POST", "/read"));
  client.send_body(id, "abc", false);
  for (int count = 0; paths_.bytes_read == 0 && count < 500; ++count) std::this_thread::sleep_for(milliseconds(10));
  client.reset(id);
  EXPECT_TRUE(paths_.wait_for_line("POST /read 2 500 0 incomplete"));
  EXPECT_EQ(client.get("/").body, "ok");
}

TEST_F(h2_service, a_stop_finishes_what_runs) {
  const auto& running = serving();
  h2_client client(running.port(), alice());
  h2_client idle(running.port(), alice());
  EXPECT_EQ(idle.get("/").body, "ok");
  const auto slow = client.ask("/wait");
  for (int count = 0; paths_.running == 0 && count < 500; ++count) std::this_thread::sleep_for(milliseconds(10));
  running->stop();
  EXPECT_TRUE(client.read_until([&] { return client.goaways().size() == 2; }));
  EXPECT_EQ(client.goaways().front().second, 0x7FFFFFFFU);
  EXPECT_EQ(client.goaways().back().second, slow);
  idle.read_to_end();
  EXPECT_FALSE(idle.goaways().empty());
  paths_.go = true;
  EXPECT_EQ(client.wait_for(slow).body, "waited");
  client.read_to_end();
  EXPECT_TRUE(client.under().report().closed_cleanly);
  EXPECT_TRUE(running->wait());
}

TEST_F(h2_service, a_stop_waits_for_no_endless_answer_and_for_those_beside_it) {
  const auto& running = serving();
  h2_client client(running.port(), alice());
  h2_client listener(running.port(), alice());
  const auto slow = client.ask("/wait");
  const std::array feeds = {client.ask("/feed"), client.ask("/feed"), listener.ask("/feed")};
  EXPECT_TRUE(client.read_until([&] { return !client.answer(feeds[1]).body.empty(); }));
  EXPECT_TRUE(listener.read_until([&] { return !listener.answer(feeds[2]).body.empty(); }));
  const auto began = clock::now();
  running->stop();
  listener.read_to_end();
  EXPECT_FALSE(listener.answer(feeds[2]).ended) << "what broke off does not look whole";
  EXPECT_TRUE(client.read_until([&] { return client.goaways().size() == 2; }));
  paths_.go = true;
  EXPECT_EQ(client.wait_for(slow).body, "waited");
  EXPECT_TRUE(running->wait());
  EXPECT_LT(clock::now() - began, seconds(5));
  const auto lines = paths_.lines();
  EXPECT_EQ(std::count_if(
                lines.begin(), lines.end(),
                [](const auto& line) { return line.starts_with("GET /feed 2 200 ") && line.ends_with(" incomplete"); }),
            3)
      << "what is cut has its line, too";
}

TEST_F(h2_service, a_body_that_nobody_wants_is_not_taken_for_an_empty_one) {
  h2_client client(serving().port(), alice());
  EXPECT_EQ(client.wait_for(client.ask(request_fields("POST", "/unread"), "all at once")).body, "unread");
  EXPECT_EQ(client.get("/unread").body, "read") << "there was none";
  const auto later = client.begin(request_fields("POST", "/unread"));
  EXPECT_EQ(client.wait_for(later).body, "unread");
  EXPECT_EQ(client.get("/").body, "ok");
}

TEST_F(h2_service, an_answer_before_the_end_of_its_request_is_over_when_it_is_sent) {
  options_.timeouts.linger = milliseconds(300);
  h2_client client(serving().port(), alice());
  const auto id = client.begin(request_fields("POST", "/unread"));
  EXPECT_TRUE(client.read_until([&] { return client.answer(id).ended; }));
  EXPECT_TRUE(paths_.wait_for_line("POST /unread 2 200 6"));
  EXPECT_FALSE(client.answer(id).reset);
  EXPECT_TRUE(client.read_until([&] { return client.answer(id).reset; })) << "what is not ended is called off";
  EXPECT_EQ(client.answer(id).code, no_error);
  EXPECT_EQ(client.get("/").body, "ok");
}

TEST_F(h2_service, a_trailer_after_the_answer_changes_nothing) {
  h2_client client(serving().port(), alice());
  const auto id = client.begin(request_fields("POST", "/unread"));
  EXPECT_EQ(client.wait_for(id).body, "unread");
  client.send_body(id, "late", true, {{"checksum", "1"}});
  EXPECT_EQ(client.get("/").body, "ok");
  EXPECT_TRUE(client.goaways().empty());
}

TEST_F(h2_service, a_stop_loses_nothing_that_a_slow_client_has_yet_to_read) {
  const auto& running = serving();
  h2_client client(running.port(), alice(), {.window = 8U << 20U});
  std::vector<std::uint32_t> asked;
  for (int count = 0; count < 4; ++count) asked.push_back(client.ask("/large"));
  std::this_thread::sleep_for(milliseconds(300));
  running->stop();
  std::this_thread::sleep_for(milliseconds(300));
  for (const auto id : asked) {
    EXPECT_EQ(client.wait_for(id).body.size(), std::size_t{4} << 20U);
    EXPECT_TRUE(client.answer(id).ended);
  }
  client.read_to_end();
  EXPECT_TRUE(client.under().report().closed_cleanly);
  EXPECT_TRUE(running->wait());
}

TEST_F(h2_service, a_stop_gives_up_what_does_not_end) {
  options_.timeouts.shutdown = milliseconds(300);
  const auto& running = serving();
  h2_client client(running.port(), alice());
  client.ask("/wait");
  client.ask("/wait");
  for (int count = 0; paths_.running < 2 && count < 500; ++count) std::this_thread::sleep_for(milliseconds(10));
  running->stop();
  EXPECT_TRUE(running->wait());
  EXPECT_TRUE(log_.wait_for("2 requests were given up"));
  EXPECT_EQ(paths_.lines(), std::vector<std::string>(2, "GET /wait 2 0 0 incomplete")) << "each has its line";
}

TEST_F(h2_service, a_handler_may_end_the_connection) {
  h2_client client(serving().port(), alice());
  const auto& answer = client.get("/close");
  EXPECT_EQ(answer.body, "bye");
  EXPECT_FALSE(answer.fields.contains("connection"));
  client.read_to_end();
  EXPECT_FALSE(client.goaways().empty());
}

TEST_F(h2_service, somebody_revoked_is_cut_off_with_all_requests) {
  const auto& running = serving();
  h2_client client(running.port(), alice());
  EXPECT_EQ(client.get("/").body, "ok");
  client.ask("/wait");
  files_.write_revocations({files_.people().client});
  ASSERT_TRUE(running->reload());
  const auto began = clock::now();
  client.read_to_end();
  EXPECT_LT(clock::now() - began, seconds(2));
  EXPECT_TRUE(log_.wait_for("revoked: "));
  paths_.go = true;
}

TEST_F(h2_service, a_client_that_vanishes_leaves_nothing_behind) {
  const auto& running = serving();
  {
    h2_client client(running.port(), alice());
    client.ask("/endless");
    client.ask("/large");
    client.begin(request_fields("POST", "/echo"));
    EXPECT_EQ(client.get("/").body, "ok");
  }
  for (int count = 0; running->open_connections() > 0 && count < 500; ++count) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(running->open_connections(), 0U);
}

TEST_F(h2_service, requests_that_are_taken_back_or_reset_as_malformed_have_their_lines) {
  h2_client client(serving().port(), alice());
  const auto id = client.begin(request_fields("POST", "/broken-off"));
  client.send_body(id, "abc", false);
  client.reset(id);
  EXPECT_TRUE(paths_.wait_for_line("POST /broken-off 2 0 0 incomplete"));
  std::uint32_t next = id + 2;
  const std::vector<std::pair<std::string, field_list>> wrong{
      {"/connection", {{"connection", "close"}}}, {"/te", {{"te", "gzip"}}}, {"/upper", {{"X-One", "1"}}}};
  for (const auto& [path, fields] : wrong) {
    client.write(h2_request(next, request_fields("GET", path, fields)));
    EXPECT_TRUE(paths_.wait_for_line("GET " + path + " 2 0 0 incomplete"));
    next += 2;
  }
  {
    h2_client other(running()->port(), alice());
    other.send_body(other.begin(request_fields("POST", "/gone")), "abc", false);
    EXPECT_EQ(other.get("/").body, "ok") << "by then it has been read";
  }
  EXPECT_TRUE(paths_.wait_for_line("POST /gone 2 0 0 incomplete"));
  EXPECT_EQ(paths_.lines().size(), 6U) << "each once";
}

TEST_F(h2_service, requests_that_are_refused_early_are_told_of_as_they_came) {
  h2_client client(serving().port(), alice());
  const std::string path = "/" + std::string(9'000, 'a');
  EXPECT_EQ(client.wait_for(client.ask(request_fields("PUT", path))).status, 414);
  EXPECT_TRUE(wait_until([&] { return paths_.lines().size() == 1; }));
  const auto lines = paths_.lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("PUT " + path.substr(0, 8'192) + " 2 414 ")) << lines[0];
  const field_list late{{":method", "POST"}, {":scheme", "http"}, {":authority", "localhost"}, {":path", "/late"}};
  EXPECT_EQ(client.wait_for(client.ask(late)).status, 400);
  EXPECT_TRUE(wait_until([&] { return paths_.lines().size() == 2; }));
  const auto told = paths_.lines();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_TRUE(told[1].starts_with("POST /late 2 400 ")) << told[1];
}

TEST_F(h2_service, a_connection_that_ends_since_rules_are_broken_is_told_in_the_log) {
  const std::vector<std::string> wrong{h2_frame(data_frame, 0, 1, "x"),
                                       h2_frame(data_frame, 0, 1, std::string(16'385, 'x')),
                                       h2_frame(window_frame, 0, 0, number32(0))};
  const auto& running = serving();
  std::size_t told = 0;
  for (const auto& bytes : wrong) {
    h2_client client(running.port(), alice());
    client.write(bytes);
    client.read_to_end();
    ASSERT_FALSE(client.goaways().empty());
    EXPECT_NE(client.goaways().back().first, no_error);
    EXPECT_TRUE(log_.wait_for("the HTTP/2 connection was closed: what it sent breaks the rules of HTTP/2 (", told));
    told = log_.size();
  }
}

TEST_F(h2_service, a_flood_is_told_in_the_log) {
  h2_client client(serving().port(), alice());
  std::string pings;
  for (int count = 0; count < 300; ++count) pings += h2_frame(ping_frame, 0, 0, "12345678");
  client.write(pings);
  client.read_to_end();
  ASSERT_FALSE(client.goaways().empty());
  EXPECT_EQ(client.goaways().back().first, enhance_your_calm);
  EXPECT_TRUE(log_.wait_for("the HTTP/2 connection was closed: it makes more work than its requests need"));
}

}  // namespace
}  // namespace mutual::test
