// What waits for one client of HTTP/2 has a bound, and nobody waits longer than for that.
#include "support/captured_log.hpp"
#include "support/h2_client.hpp"
#include "support/h2_talk.hpp"
#include "support/service.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using clock = std::chrono::steady_clock;

constexpr std::size_t mebibyte = std::size_t{1} << 20U;

// Answers every request with so many bytes, to a client that has room for so many of each.
std::unique_ptr<h2_talk> asked(std::size_t answer_bytes, std::uint32_t room, std::uint32_t requests) {
  auto made = std::make_unique<h2_talk>();
  auto& talk = *made;
  talk.answer = [&talk, answer_bytes](http::h2_stream& on) {
    reply(talk, on, response(200, std::string(answer_bytes, 'x')));
    return true;
  };
  talk.begin();
  talk.send(h2_frame(settings_frame, 0, 0, std::string("\0\4", 2) + number32(room)));
  std::string all;
  for (std::uint32_t count = 0; count < requests; ++count) all += h2_request(2 * count + 1, request_fields());
  talk.send(all);
  return made;
}

TEST(h2_bounds, for_a_client_that_takes_nothing_few_answers_are_made_and_all_when_it_takes_them) {
  const auto made = asked(65'536, 0, 100);
  auto& talk = *made;
  EXPECT_EQ(talk.requests, 34U) << "2 MiB, the largest, and the one that made it too much";
  talk.send(h2_frame(ping_frame, 0, 0, "12345678"));
  EXPECT_EQ(talk.frames.back().type, ping_frame) << "what it says is heard still";
  EXPECT_EQ(talk.requests, 34U);
  talk.send(h2_frame(window_frame, 0, 0, number32(100 * 65'536)) +
            h2_frame(settings_frame, 0, 0, std::string("\0\4", 2) + number32(65'536)));
  EXPECT_EQ(talk.requests, 100U);
  for (std::uint32_t id = 1; id < 200; id += 2) {
    EXPECT_EQ(talk.answers[id].body.size(), 65'536U);
    EXPECT_TRUE(talk.answers[id].ended);
  }
  EXPECT_EQ(talk.session.streams(), 0U);
}

TEST(h2_bounds, one_answer_however_large_is_sent_and_holds_up_no_other) {
  const auto made = asked(3 * mebibyte, 100, 1);
  auto& talk = *made;
  for (std::uint32_t id = 3; id < 100; id += 2) {
    talk.answer = [&](http::h2_stream& on) {
      reply(talk, on, response(200, "ok"));
      return true;
    };
    talk.send(h2_request(id, request_fields()));
    EXPECT_EQ(talk.answers[id].body, "ok");
  }
  EXPECT_FALSE(talk.answers[1].ended);
  talk.send(h2_frame(window_frame, 0, 0, number32(3 * mebibyte)) +
            h2_frame(window_frame, 0, 1, number32(3 * mebibyte)));
  EXPECT_EQ(talk.answers[1].body.size(), 3 * mebibyte);
  EXPECT_TRUE(talk.answers[1].ended);
}

TEST(h2_bounds, requests_that_wait_and_are_taken_back_make_room_and_reach_no_handler) {
  const auto made = asked(mebibyte, 0, 100);
  auto& talk = *made;
  EXPECT_EQ(talk.requests, 4U);
  std::string more;
  for (std::uint32_t id = 101; id < 200; id += 2) more += h2_frame(reset_frame, 0, id, number32(cancel));
  talk.send(more);
  EXPECT_EQ(talk.session.streams(), 50U);
  talk.send(h2_request(201, request_fields()));
  EXPECT_FALSE(talk.answers[201].reset);
  EXPECT_EQ(talk.session.streams(), 51U);
  EXPECT_EQ(talk.requests, 4U);
}

TEST(h2_bounds, answers_that_are_given_up_for_their_time_or_taken_back_let_others_begin) {
  const auto made = asked(mebibyte, 0, 20);
  auto& talk = *made;
  EXPECT_EQ(talk.requests, 4U);
  talk.session.add_stall(seconds(31));
  talk.pass(seconds(31));
  EXPECT_TRUE(talk.session.judge_times(talk.now));
  talk.read();
  EXPECT_EQ(talk.answers[1].code, cancel);
  EXPECT_EQ(talk.requests, 8U);
  talk.send(h2_frame(reset_frame, 0, 9, number32(cancel)));
  EXPECT_EQ(talk.requests, 9U);
}

TEST(h2_bounds, a_stream_that_nobody_works_on_any_more_goes_when_it_is_closed_and_nothing_is_told_of_it) {
  h2_talk talk;
  talk.begin();
  talk.session.feed(h2_request(1, request_fields()), talk.now);
  const auto came = talk.session.next_event();
  ASSERT_TRUE(came);
  auto& on = *came->stream;
  response made(200);
  made.source = []() -> task<std::optional<std::string>> { co_return std::nullopt; };
  talk.session.respond_in_pieces(on, *http::make_h2_head(made, false, "today"));
  std::string out;
  while (talk.session.collect(out, 1'000, talk.now)) {
  }
  EXPECT_TRUE(talk.session.has_events()) << "it wants a piece";
  talk.session.break_off(on);
  talk.session.release(on);
  while (talk.session.collect(out, 1'000, talk.now)) {
  }
  EXPECT_EQ(talk.session.streams(), 0U);
  EXPECT_FALSE(talk.session.next_event());
}

// A body of so many bytes, a frame at a time, as far as there is room for it; how much of it went.
class upload {
 public:
  upload(h2_talk& in, std::uint32_t id, std::size_t size) : talk_(in), id_(id), left_(size) {
    talk_.send(h2_request(id, request_fields("POST"), false));
  }
  // True once all of it has gone.
  bool go_on() {
    while (step()) {
    }
    return left_ == 0;
  }
  // One frame; false if there is no room, or nothing left.
  bool step() {
    const auto now = std::min({left_, std::size_t{15'000}, room() - sent_});
    if (now == 0) return false;
    left_ -= now;
    sent_ += now;
    talk_.send(h2_frame(data_frame, left_ == 0 ? end_stream : 0, id_, std::string(now, 'x')));
    return true;
  }
  // In all, with what it was given at first.
  std::size_t room() const {
    std::size_t given = 65'535;
    for (const auto& one : talk_.frames) {
      if (one.type == window_frame && one.stream == id_) given += one.number();
    }
    return given;
  }

 private:
  h2_talk& talk_;
  std::uint32_t id_;
  std::size_t left_;
  std::size_t sent_ = 0;
};

// Large bodies are kept by their handlers, those of less than that are answered at once.
std::unique_ptr<h2_talk> slow_handlers(std::size_t limit, std::size_t large) {
  http::server_options options;
  options.limits.body_bytes = limit;
  auto made = std::make_unique<h2_talk>(std::move(options));
  made->answer = [&talk = *made, large](http::h2_stream& on) {
    if (on.asked.message().body.size() >= large) return false;
    reply(talk, on, response(200, "ok"));
    return true;
  };
  made->begin();
  return made;
}

TEST(h2_bounds, a_large_body_that_its_handler_keeps_holds_up_no_other) {
  const auto made = slow_handlers(mebibyte, mebibyte);
  auto& talk = *made;
  EXPECT_TRUE(upload(talk, 1, mebibyte).go_on());
  ASSERT_EQ(talk.waiting.size(), 1U);
  for (std::uint32_t id = 3; id < 23; id += 2) {
    EXPECT_TRUE(upload(talk, id, 300'000).go_on());
    EXPECT_EQ(talk.answers[id].status, 200);
  }
}

TEST(h2_bounds, bodies_that_come_beside_one_another_do_not_wait_for_a_handler_that_keeps_one_of_them) {
  const auto made = slow_handlers(mebibyte, mebibyte);
  auto& talk = *made;
  std::vector<upload> all;
  for (std::uint32_t id = 1; id < 9; id += 2) all.emplace_back(talk, id, mebibyte - id + 1);
  for (bool moved = true; moved;) {
    moved = false;
    for (auto& one : all) moved = one.step() || moved;
  }
  EXPECT_EQ(talk.waiting.size(), 1U);
  for (std::uint32_t id = 3; id < 9; id += 2) EXPECT_EQ(talk.answers[id].status, 200);
}

TEST(h2_bounds, many_small_bodies_that_their_handlers_keep_hold_up_no_large_one) {
  const auto made = slow_handlers(mebibyte, 60'000);
  auto& talk = *made;
  for (std::uint32_t id = 1; id < 101; id += 2) EXPECT_TRUE(upload(talk, id, 65'535).go_on());
  EXPECT_EQ(talk.waiting.size(), 50U);
  EXPECT_TRUE(upload(talk, 101, mebibyte).go_on());
}

TEST(h2_bounds, what_handlers_keep_and_what_comes_is_three_of_the_largest_bodies_at_most) {
  const auto made = slow_handlers(mebibyte, 1);
  auto& talk = *made;
  std::vector<upload> all;
  for (std::uint32_t id = 1; id < 81; id += 2) all.emplace_back(talk, id, mebibyte);
  for (int round = 0; round < 3; ++round) {
    for (auto& one : all) one.go_on();
  }
  std::size_t beyond = 0;
  for (const auto& one : all) beyond += one.room() - 65'535;
  EXPECT_LE(beyond, 3 * mebibyte);
  const auto whole = talk.waiting.size();
  EXPECT_EQ(whole, 2U) << "the second was begun while the handlers held no more than one";
  reply(talk, *talk.waiting[0], response(200, "ok"));
  talk.session.release(*std::exchange(talk.waiting[0], talk.waiting[1]));
  talk.waiting.pop_back();
  talk.read();
  for (auto& one : all) one.go_on();
  EXPECT_GT(talk.waiting.size(), 1U) << "one that is done makes room for the next";
}

class h2_bounds_live : public testing::Test {
 protected:
  h2_bounds_live() {
    options_.answer = [this](request& asked, http::answer_notes&) -> task<response> {
      ++begun_;
      co_return response(200,
                         asked.target == "/large" ? std::string(mebibyte, 'x') : std::to_string(asked.body.size()));
    };
  }
  client_options alice() const {
    return {.chain = {files_.people().client, files_.people().intermediate}, .server_name = "localhost"};
  }

  server_files files_{make_pki()};
  captured_log log_;
  std::atomic<std::size_t> begun_{0};
  http::server_options options_ = options_for(log_, files_.config(tls::client_auth::required, true));
};

TEST_F(h2_bounds_live, for_a_client_that_takes_nothing_few_handlers_are_called_and_all_when_it_does) {
  const service running(options_);
  h2_client client(running.port(), alice(), {.window = 0});
  std::vector<std::uint32_t> all;
  for (int count = 0; count < 20; ++count) all.push_back(client.ask("/large"));
  EXPECT_TRUE(client.read_until([&] { return client.answer(all[3]).status == 200; }));
  h2_client other(running.port(), alice());
  EXPECT_EQ(other.get("/").body, "0");
  EXPECT_EQ(begun_.load(), 5U) << "four, and the other's";
  const std::array<nghttp2_settings_entry, 1> room{{{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, mebibyte}}};
  nghttp2_submit_settings(client.native(), NGHTTP2_FLAG_NONE, room.data(), room.size());
  nghttp2_session_set_local_window_size(client.native(), NGHTTP2_FLAG_NONE, 0, 8 * mebibyte);
  client.flush();
  for (const auto id : all) EXPECT_EQ(client.wait_for(id).body.size(), mebibyte);
  EXPECT_EQ(begun_.load(), 21U);
}

TEST_F(h2_bounds_live, a_client_that_never_takes_anything_is_given_up_request_by_request) {
  options_.timeouts.write = milliseconds(400);
  const service running(options_);
  h2_client client(running.port(), alice(), {.window = 0});
  std::vector<std::uint32_t> all;
  for (int count = 0; count < 12; ++count) all.push_back(client.ask("/large"));
  for (const auto id : all) EXPECT_EQ(client.wait_for(id).code, cancel);
  EXPECT_EQ(begun_.load(), 12U);
}

// How long a body that was held back for the others' sake waits for room when one of them is done.
milliseconds time_until_room(h2_client& client) {
  std::vector<std::uint32_t> all;
  const auto is_sent = [&] {
    return nghttp2_session_get_remote_window_size(client.native()) > 0 &&
           nghttp2_session_want_write(client.native()) == 0;
  };
  for (int count = 0; count < 17; ++count) {
    all.push_back(client.begin(request_fields("POST")));
    client.send_body(all.back(), std::string(65'535, 'x'), false);
    EXPECT_TRUE(client.read_until(is_sent));
  }
  const auto room = [&](std::uint32_t id) {
    return nghttp2_session_get_stream_remote_window_size(client.native(), static_cast<std::int32_t>(id));
  };
  EXPECT_EQ(client.get("/").body, "0");
  EXPECT_GT(room(all[0]), 0);
  EXPECT_EQ(room(all[16]), 0) << "more than the others may hold";
  const auto began = clock::now();
  client.send_body(all[0], "", true);
  EXPECT_TRUE(client.read_until([&] { return room(all[16]) > 0; }));
  const auto took = std::chrono::duration_cast<milliseconds>(clock::now() - began);
  EXPECT_EQ(client.wait_for(all[0]).body, "65535");
  for (std::size_t at = 1; at < all.size(); ++at) {
    client.send_body(all[at], "", true);
    EXPECT_EQ(client.wait_for(all[at]).body, "65535");
  }
  return took;
}

TEST_F(h2_bounds_live, a_body_that_was_held_back_goes_on_at_once_when_another_is_done) {
  const service running(options_);
  auto best = milliseconds::max();
  // The machine may have been busy; what waits for the clock's next look waits a second each time.
  for (int count = 0; count < 3; ++count) {
    h2_client client(running.port(), alice());
    best = std::min(best, time_until_room(client));
  }
  EXPECT_LT(best, milliseconds(500));
}

}  // namespace
}  // namespace mutual::test
