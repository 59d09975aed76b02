// Answers over HTTP/2 that are there before all of their requests is.
#include "support/h2_talk.hpp"

#include <gtest/gtest.h>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(h2_early_answers, call_off_the_rest_of_their_requests_when_that_is_late) {
  http::server_options small;
  small.limits.body_bytes = 10;
  h2_talk talk(small);
  talk.begin();
  talk.send(h2_request(1, request_fields("POST"), false) + h2_frame(data_frame, 0, 1, std::string(11, 'a')));
  const auto& answer = talk.answers[1];
  EXPECT_EQ(answer.status, 413);
  EXPECT_TRUE(answer.ended);
  EXPECT_FALSE(answer.reset) << "who reads both at once may see the reset alone";
  talk.send(h2_frame(data_frame, 0, 1, "more"));
  talk.pass(talk.options.timeouts.linger - milliseconds(1));
  EXPECT_TRUE(talk.session.judge_times(talk.now));
  talk.read();
  EXPECT_FALSE(answer.reset);
  talk.pass(milliseconds(1));
  EXPECT_TRUE(talk.session.judge_times(talk.now));
  talk.read();
  EXPECT_TRUE(answer.reset);
  EXPECT_EQ(answer.code, no_error);
  EXPECT_EQ(talk.session.streams(), 0U);
  talk.send(h2_frame(data_frame, end_stream, 1, "rest"));
  talk.send(h2_request(3, request_fields()));
  EXPECT_EQ(talk.answers[3].status, 200) << "what was on its way disturbs nobody";
}

TEST(h2_early_answers, a_request_that_ends_soon_after_its_answer_is_not_called_off) {
  http::server_options small;
  small.limits.body_bytes = 10;
  h2_talk talk(small);
  talk.begin();
  talk.send(h2_request(1, request_fields("POST"), false) + h2_frame(data_frame, 0, 1, std::string(11, 'a')));
  EXPECT_EQ(talk.session.streams(), 1U);
  talk.send(h2_frame(data_frame, end_stream, 1, "rest"));
  EXPECT_EQ(talk.session.streams(), 0U);
  talk.send(h2_request(3, request_fields("POST", "/", {{"content-length", "11"}}), false));
  talk.send(h2_frame(headers_frame, end_headers | end_stream, 3, hpack({{"x-sum", "7"}})));
  EXPECT_EQ(talk.session.streams(), 0U);
  talk.pass(seconds(3));
  EXPECT_TRUE(talk.session.judge_times(talk.now));
  talk.read();
  EXPECT_FALSE(talk.answers[1].reset);
  EXPECT_EQ(talk.goaway(), -1);
}

TEST(h2_early_answers, what_comes_after_an_answer_is_thrown_away_and_not_for_ever) {
  http::server_options small;
  small.limits.body_bytes = 10;
  h2_talk talk(small);
  talk.begin();
  talk.send(h2_request(1, request_fields("POST"), false));
  std::size_t sent = 0;
  const auto room = [&] {
    std::size_t given = 65'535;
    for (const auto& one : talk.frames) {
      if (one.type == window_frame && one.stream == 1) given += one.number();
    }
    return given - sent;
  };
  while (room() >= 15'000 && sent < 10'000'000) {
    talk.send(h2_frame(data_frame, 0, 1, std::string(15'000, 'a')));
    sent += 15'000;
  }
  EXPECT_GE(sent, 4'000'000U) << "most clients have come to an end by then";
  EXPECT_LE(sent, 4'400'000U);
  talk.send(h2_request(3, request_fields()));
  EXPECT_EQ(talk.answers[3].status, 200);
  talk.pass(seconds(3));
  EXPECT_TRUE(talk.session.judge_times(talk.now));
  talk.read();
  EXPECT_TRUE(talk.answers[1].reset);
}

TEST(h2_early_answers, many_that_are_answered_before_their_ends_do_not_keep_others_out) {
  h2_talk talk;
  talk.begin();
  for (std::uint32_t id = 1; id < 401; id += 2) {
    talk.send(h2_request(id, request_fields("POST", "/", {{"content-length", "2000000"}}), false));
    EXPECT_EQ(talk.answers[id].status, 413);
    EXPECT_EQ(talk.answers[id].reset, id > 100) << id;
  }
  EXPECT_EQ(talk.session.streams(), 50U);
  EXPECT_EQ(talk.goaway(), -1);
}

}  // namespace
}  // namespace mutual::test
