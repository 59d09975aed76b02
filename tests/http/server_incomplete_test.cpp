// What is told of answers that the client does not take: no more than the network took.
#include "http/filling_source.hpp"
#include "support/captured_log.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <mutual/tunnel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t large = std::size_t{64} * 1024 * 1024;
constexpr std::size_t piece_size = std::size_t{64} * 1024;

// Bodies are made of this alone, and nothing else has it.
constexpr char mark = '#';

class server_incomplete : public testing::Test {
 protected:
  server_incomplete() {
    options_.timeouts.write = milliseconds(300);
    options_.timeouts.least_body_rate = large;
    options_.answer = [this](request&, http::answer_notes&) -> task<response> { co_return made_(); };
    options_.on_answer = [this](const request&, const http::answer_notes& notes, int, std::size_t bytes,
                                std::chrono::nanoseconds) {
      const std::scoped_lock lock(guard_);
      told_.push_back(bytes);
      incomplete_ += notes.incomplete ? 1 : 0;
    };
  }
  int incomplete() {
    const std::scoped_lock lock(guard_);
    return incomplete_;
  }
  // Asks, reads nothing until the server has given up, and then all that is on its way: as much as was told.
  std::size_t expect_the_truth(const std::string& requests) {
    const service running(options_);
    plain_connection client(running.port());
    client.write(requests);
    for (int count = 0; count < 1000 && incomplete() == 0; ++count) std::this_thread::sleep_for(milliseconds(10));
    EXPECT_GE(incomplete(), 1);
    const auto all = client.read_to_end();
    const auto got = static_cast<std::size_t>(std::count(all.begin(), all.end(), mark));
    const std::scoped_lock lock(guard_);
    EXPECT_EQ(std::accumulate(told_.begin(), told_.end(), std::size_t{0}), got);
    EXPECT_GT(got, 0U);
    EXPECT_LT(got, large);
    return got;
  }
  body_source pieces() {
    return [this, left = large / piece_size]() mutable -> task<std::optional<std::string>> {
      if (left-- == 0) co_return std::nullopt;
      ++given_;
      co_return std::string(piece_size, mark);
    };
  }

  captured_log log_;
  http::server_options options_ = options_for(log_);
  std::function<response()> made_;
  std::atomic<std::size_t> given_{0};

 private:
  std::mutex guard_;
  std::vector<std::size_t> told_;
  int incomplete_ = 0;
};

TEST_F(server_incomplete, body_in_one_piece_is_told_as_far_as_it_went) {
  made_ = [] { return response(200, std::string(large, mark)); };
  expect_the_truth(get_request());
}

TEST_F(server_incomplete, body_in_pieces_is_and_no_more_than_one_is_in_hand) {
  made_ = [this] {
    response made(200);
    made.source = pieces();
    made.length = large;
    return made;
  };
  const auto got = expect_the_truth(get_request());
  EXPECT_LE(given_, got / piece_size + 1);
}

TEST_F(server_incomplete, body_in_chunks_is_as_events_are_and_no_more_than_one_is_in_hand) {
  made_ = [this] {
    response made(200);
    made.source = pieces();
    made.endless = true;
    return made;
  };
  const auto got = expect_the_truth(get_request());
  EXPECT_LE(given_, got / piece_size + 1);
}

TEST_F(server_incomplete, file_is_told_as_far_as_it_went) {
  made_ = [] {
    http::filling_source file;
    file.fill = [](std::span<char> room) -> task<std::size_t> {
      std::fill(room.begin(), room.end(), mark);
      co_return room.size();
    };
    response made(200);
    made.source = file;
    made.length = large;
    return made;
  };
  expect_the_truth(get_request());
}

TEST_F(server_incomplete, answers_to_many_requests_at_once_are_told_as_far_as_they_went) {
  made_ = [] { return response(200, std::string(3000, mark)); };
  std::string requests;
  for (int count = 0; count < 8000; ++count) requests += get_request();
  expect_the_truth(requests);
}

TEST_F(server_incomplete, request_whose_client_goes_in_the_midst_of_its_body_is_told_of) {
  std::vector<std::string> lines;
  std::mutex guard;
  options_.on_answer = [&](const request& asked, const http::answer_notes& notes, int status, std::size_t bytes,
                           std::chrono::nanoseconds) {
    const std::scoped_lock lock(guard);
    lines.push_back(asked.method + " " + asked.target + " " + std::to_string(status) + " " + std::to_string(bytes) +
                    (notes.incomplete ? " incomplete" : "") + (asked.connection ? "" : " from nobody"));
  };
  const auto told = [&] {
    const std::scoped_lock lock(guard);
    return lines;
  };
  const service running(options_);
  std::size_t count = 0;
  for (const std::string rest : {"Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nabc"}) {
    {
      plain_connection client(running.port());
      client.write("POST /up HTTP/1.1\r\nHost: localhost\r\n" + rest);
      std::this_thread::sleep_for(milliseconds(100));
    }
    ++count;
    for (int waited = 0; waited < 500 && told().size() < count; ++waited) std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(told(), std::vector<std::string>(2, "POST /up 0 0 incomplete"));
  plain_connection half(running.port());
  half.write("GET / HTT");
  half.finish_writing();
  EXPECT_EQ(half.read_to_end(), "");
  EXPECT_EQ(told().size(), 2U) << "of what is no request yet, nothing is";
}

TEST_F(server_incomplete, request_with_a_body_that_has_its_answer_is_told_of_once) {
  // So small that the answers to a whole row are held until others have their turn.
  made_ = [] { return response(200, std::string(200, mark)); };
  std::mutex guard;
  std::map<std::string, int> lines;
  bool over = false;
  options_.on_answer = [&](const request& asked, const http::answer_notes& notes, int, std::size_t,
                           std::chrono::nanoseconds) {
    const std::scoped_lock lock(guard);
    ++lines[asked.target];
    over = over || notes.incomplete;
  };
  {
    const service running(options_);
    plain_connection client(running.port());
    std::string requests;
    for (int count = 0; count < 40'000; ++count) {
      requests += fmt::format("POST /{} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx", count);
    }
    std::thread writing([&] { (void)client.write(requests); });
    const auto is_over = [&] {
      const std::scoped_lock lock(guard);
      return over;
    };
    for (int count = 0; count < 1000 && !is_over(); ++count) std::this_thread::sleep_for(milliseconds(10));
    EXPECT_TRUE(is_over());
    (void)client.read_to_end();
    writing.join();
  }
  EXPECT_GT(lines.size(), 100U);
  for (const auto& [target, count] : lines) EXPECT_EQ(count, 1) << target;
}

TEST_F(server_incomplete, request_that_is_refused_early_is_told_of_as_it_came) {
  std::string line;
  std::mutex guard;
  options_.on_answer = [&](const request& asked, const http::answer_notes&, int status, std::size_t,
                           std::chrono::nanoseconds) {
    const std::scoped_lock lock(guard);
    line = asked.method + " " + asked.target + " " + std::to_string(asked.version_major) + "." +
           std::to_string(asked.version_minor) + " " + std::to_string(status);
  };
  const std::string long_path(9'000, 'a');
  const std::vector<std::pair<std::string, std::string>> all{
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI * 2.0 505"},
      {"BREW /pot HTTP/1.1\r\n\r\n", "BREW /pot 1.1 501"},
      {"GET /" + long_path + " HTTP/1.1\r\n\r\n", "GET /" + long_path.substr(0, 8'191) + " 1.1 414"},
      {"GET /" + long_path + long_path, "GET /" + long_path.substr(0, 8'191) + " 1.1 414"},
      {"GET /\r\n\r\n", "- - 1.1 400"},
      {"{}\r\n\r\n", "- - 1.1 400"},
      {"GET /a HTTP/1.1\r\n\r\n", "GET /a 1.1 400"},
  };
  const service running(options_);
  for (const auto& [sent, told] : all) {
    plain_connection client(running.port());
    client.write(sent);
    client.read_to_end();
    const std::scoped_lock lock(guard);
    EXPECT_EQ(line, told);
  }
}

TEST_F(server_incomplete, tunnel_is_told_as_far_as_it_went) {
  made_ = [] {
    response made(101);
    made.headers.set("Upgrade", "echo");
    made.takeover = [](tunnel& under) -> task<> {
      for (bool sent = true; sent;) {
        std::string piece(piece_size, mark);
        sent = co_await under.write(std::move(piece));
      }
    };
    return made;
  };
  options_.on_answer = [inner = options_.on_answer](const request& asked, const http::answer_notes&, int status,
                                                    std::size_t bytes, std::chrono::nanoseconds took) {
    http::answer_notes notes;
    notes.incomplete = true;  // a tunnel is whole when its head was taken
    inner(asked, notes, status, bytes, took);
  };
  expect_the_truth(get_request("/", "Connection: upgrade\r\nUpgrade: echo\r\n"));
}

}  // namespace
}  // namespace mutual::test
