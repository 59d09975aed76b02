// HTTP/2 without a network: what a session makes of frames, and what it does not put up with.
#include "support/h2_talk.hpp"

#include <mutual/request.hpp>

#include <gtest/gtest.h>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class h2_sessions : public testing::Test {
 protected:
  h2_talk& begun(http::server_options with = {}) {
    talk_ = std::make_unique<h2_talk>(std::move(with));
    talk_->begin();
    return *talk_;
  }

 private:
  std::unique_ptr<h2_talk> talk_;
};

// What the four pseudo-header fields say, and nothing else.
field_list pseudo(std::string method, std::string scheme, std::string authority, std::string path) {
  return {{":method", std::move(method)},
          {":scheme", std::move(scheme)},
          {":authority", std::move(authority)},
          {":path", std::move(path)}};
}

TEST_F(h2_sessions, a_request_is_answered) {
  auto& talk = begun();
  talk.send(h2_request(1, request_fields()));
  EXPECT_EQ(talk.answers[1].status, 200);
  EXPECT_EQ(talk.answers[1].body, "ok");
  EXPECT_TRUE(talk.answers[1].ended);
  EXPECT_FALSE(talk.answers[1].reset);
  EXPECT_EQ(talk.session.streams(), 0U);
}

TEST_F(h2_sessions, frames_mean_the_same_however_they_are_cut) {
  h2_talk talk;
  for (const char c : h2_preface() + h2_request(1, request_fields("POST"), false) + h2_frame(data_frame, 0, 1, "ab") +
                          h2_frame(data_frame, end_stream, 1, "c")) {
    talk.send({&c, 1});
  }
  EXPECT_EQ(talk.answers[1].status, 200);
}

struct broken {
  const char* what;
  field_list fields;
};

TEST_F(h2_sessions, what_is_malformed_is_reset_or_answered_with_400_and_reaches_no_handler) {
  const auto with = [](std::string name, std::string value) {
    return request_fields("GET", "/", {{std::move(name), std::move(value)}});
  };
  const std::vector<broken> all{
      {"upper case", with("X-One", "1")},
      {"no name", with("", "1")},
      {"a space in a name", with("x one", "1")},
      {"a colon in a name", with("x:one", "1")},
      {"a newline in a value", with("x-one", "1\r\nx-two: 2")},
      {"a bare line feed in a value", with("x-one", "1\n2")},
      {"NUL in a value", with("x-one", std::string("1\0002", 3))},
      {"DEL in a value", with("x-one", "1\x7F")},
      {"white space before a value", with("x-one", " 1")},
      {"white space after a value", with("x-one", "1\t")},
      {"Connection", with("connection", "close")},
      {"Transfer-Encoding", with("transfer-encoding", "chunked")},
      {"Keep-Alive", with("keep-alive", "1")},
      {"Proxy-Connection", with("proxy-connection", "close")},
      {"Upgrade", with("upgrade", "websocket")},
      {"TE", with("te", "gzip")},
      {"Host that differs", with("host", "elsewhere")},
      {"two Hosts", request_fields("GET", "/", {{"host", "localhost"}, {"host", "localhost"}})},
      {"Content-Length without a body", with("content-length", "1")},
      {"Content-Length with a sign", with("content-length", "+0")},
      {"Content-Length with a zero before it", with("content-length", "00")},
      {"two Content-Lengths", request_fields("GET", "/", {{"content-length", "0"}, {"content-length", "0"}})},
      {"an unknown pseudo-header field", with(":unknown", "1")},
      {"a response's pseudo-header field", with(":status", "200")},
      {"a protocol without CONNECT", with(":protocol", "websocket")},
      {"no method", {{":scheme", "https"}, {":authority", "localhost"}, {":path", "/"}}},
      {"no scheme", {{":method", "GET"}, {":authority", "localhost"}, {":path", "/"}}},
      {"no path", {{":method", "GET"}, {":scheme", "https"}, {":authority", "localhost"}}},
      {"no host", {{":method", "GET"}, {":scheme", "https"}, {":path", "/"}}},
      {"two methods", with(":method", "GET")},
      {"two paths", with(":path", "/")},
      {"pseudo-header field after others",
       {{":method", "GET"}, {":scheme", "https"}, {"x", "1"}, {":authority", "localhost"}, {":path", "/"}}},
      {"another scheme", pseudo("GET", "http", "localhost", "/")},
      {"an unknown scheme", pseudo("GET", "gopher", "localhost", "/")},
      {"a method with a space", pseudo("GET /", "https", "localhost", "/")},
      {"an empty method", pseudo("", "https", "localhost", "/")},
      {"an empty path", pseudo("GET", "https", "localhost", "")},
      {"a path without a slash", pseudo("GET", "https", "localhost", "a")},
      {"a whole URL", pseudo("GET", "https", "localhost", "https://localhost/")},
      {"a star for GET", pseudo("GET", "https", "localhost", "*")},
      {"a space in a path", pseudo("GET", "https", "localhost", "/a b")},
      {"a fragment", pseudo("GET", "https", "localhost", "/a#b")},
      {"a broken escape", pseudo("GET", "https", "localhost", "/%2")},
      {"a byte from 0x80 in a path", pseudo("GET", "https", "localhost", "/\xC3\xA4")},
      {"a newline in a path", pseudo("GET", "https", "localhost", "/ HTTP/1.1\r\nx: 1")},
      {"a user in the authority", pseudo("GET", "https", "me@localhost", "/")},
      {"an empty authority", pseudo("GET", "https", "", "/")},
      {"a port that is none", pseudo("GET", "https", "localhost:0", "/")},
      {"a space in the authority", pseudo("GET", "https", "local host", "/")},
  };
  for (const auto& each : all) {
    auto& talk = begun();
    talk.send(h2_request(1, each.fields));
    const auto& answer = talk.answers[1];
    EXPECT_EQ(talk.requests, 0U) << each.what;
    EXPECT_TRUE(answer.status == 400 || (answer.reset && answer.code == protocol_error)) << each.what;
    talk.send(h2_request(3, request_fields()));
    EXPECT_EQ(talk.answers[3].status, 200) << each.what << ": the connection goes on";
    EXPECT_EQ(talk.session.streams(), 0U) << each.what;
  }
}

TEST_F(h2_sessions, what_http_1_1_refuses_with_another_status_is_refused_with_the_same) {
  http::server_options small;
  small.limits.target_bytes = 100;
  small.limits.head_bytes = 1'000;
  small.limits.field_count = 10;
  small.limits.body_bytes = 10;
  const field_list many(20, {"x", "1"});
  const std::vector<std::pair<int, field_list>> all{
      {501, request_fields("BREW")},
      {414, request_fields("GET", "/" + std::string(200, 'a'))},
      {431, request_fields("GET", "/", {{"x", std::string(2'000, 'a')}})},
      {431, request_fields("GET", "/", many)},
      {417, request_fields("GET", "/", {{"expect", "a-miracle"}})},
      {413, request_fields("POST", "/", {{"content-length", "11"}})},
  };
  for (const auto& [status, fields] : all) {
    auto& talk = begun(small);
    talk.send(h2_request(1, fields, status != 413));
    EXPECT_EQ(talk.answers[1].status, status);
    EXPECT_TRUE(talk.answers[1].ended) << status;
    EXPECT_EQ(talk.requests, 0U) << status;
  }
}

TEST_F(h2_sessions, a_body_that_nobody_wants_is_not_read) {
  http::server_options options;
  options.check_head = [](const request&) { return http::body_terms{{}, false, false}; };
  auto& talk = begun(options);
  talk.answer = [&](http::h2_stream& on) {
    EXPECT_FALSE(on.whole);
    reply(talk, on, response(401, "who?"));
    return true;
  };
  talk.send(h2_request(1, request_fields("POST", "/", {{"expect", "100-continue"}}), false));
  EXPECT_EQ(talk.answers[1].status, 401);
  EXPECT_TRUE(talk.answers[1].interim.empty()) << "it was not asked for";
  EXPECT_EQ(talk.answers[1].code, no_error);
}

TEST_F(h2_sessions, a_client_that_waits_for_100_is_told_to_go_on) {
  auto& talk = begun();
  talk.send(h2_request(1, request_fields("POST", "/", {{"expect", "100-continue"}}), false));
  EXPECT_EQ(talk.answers[1].status, 100);
  talk.send(h2_frame(data_frame, end_stream, 1, "a"));
  EXPECT_EQ(talk.answers[1].interim, std::vector<int>{100});
  EXPECT_EQ(talk.answers[1].status, 200);
}

TEST_F(h2_sessions, a_body_that_does_not_fit_its_length_is_refused) {
  for (const std::string body : {"ab", "abcd"}) {
    auto& talk = begun();
    talk.send(h2_request(1, request_fields("POST", "/", {{"content-length", "3"}}), false) +
              h2_frame(data_frame, end_stream, 1, body));
    const auto& answer = talk.answers[1];
    EXPECT_EQ(talk.requests, 0U);
    EXPECT_TRUE(answer.status == 400 || (answer.reset && answer.code == protocol_error)) << body;
  }
}

TEST_F(h2_sessions, trailers_are_kept_apart_and_held_to_their_rules) {
  auto& talk = begun();
  talk.answer = [&](http::h2_stream& on) {
    EXPECT_EQ(on.asked.message().trailers.get("x-sum"), "7");
    EXPECT_FALSE(on.asked.message().headers.contains("x-sum"));
    reply(talk, on, response(200, "ok"));
    return true;
  };
  const auto trailer = [](std::uint32_t stream, const field_list& all) {
    return h2_frame(headers_frame, end_headers | end_stream, stream, hpack(all));
  };
  talk.send(h2_request(1, request_fields("POST"), false) + trailer(1, {{"x-sum", "7"}}));
  EXPECT_EQ(talk.answers[1].status, 200);
  std::uint32_t id = 3;
  const std::vector<field_list> wrong{{{"content-length", "0"}},
                                      {{"host", "a"}},
                                      {{":path", "/"}},
                                      {{"X", "1"}},
                                      {{"authorization", "me"}},
                                      {{"x", "a\nb"}},
                                      {{"x", std::string(5'000, 'a')}}};
  for (const auto& fields : wrong) {
    talk.send(h2_request(id, request_fields("POST"), false) + trailer(id, fields));
    const auto& answer = talk.answers[id];
    EXPECT_TRUE(answer.status == 400 || answer.status == 431 || answer.code == protocol_error) << fields[0].first;
    id += 2;
  }
  EXPECT_EQ(talk.requests, 1U);
}

TEST_F(h2_sessions, head_and_answers_without_bodies_have_none) {
  auto& talk = begun();
  int status = 200;
  talk.answer = [&](http::h2_stream& on) {
    reply(talk, on, response(status, "12345"));
    return true;
  };
  talk.send(h2_request(1, request_fields("HEAD")));
  EXPECT_EQ(talk.answers[1].fields["content-length"], "5");
  EXPECT_EQ(talk.answers[1].body, "");
  EXPECT_TRUE(talk.answers[1].ended);
  std::uint32_t id = 3;
  for (const int without : {204, 304}) {
    status = without;
    talk.send(h2_request(id, request_fields()));
    EXPECT_EQ(talk.answers[id].status, without);
    EXPECT_EQ(talk.answers[id].body, "");
    EXPECT_FALSE(talk.answers[id].fields.contains("content-length"));
    EXPECT_TRUE(talk.answers[id].ended);
    id += 2;
  }
}

TEST_F(h2_sessions, no_more_requests_than_allowed_are_worked_on_whatever_is_reset) {
  auto& talk = begun();
  talk.answer = [](http::h2_stream&) { return false; };
  std::uint32_t id = 1;
  for (int count = 0; count < 110; ++count, id += 2) {
    talk.send(h2_request(id, request_fields()));
    talk.send(h2_frame(reset_frame, 0, id, number32(cancel)));
  }
  EXPECT_EQ(talk.requests, 100U);
  EXPECT_EQ(talk.session.streams(), 100U);
  EXPECT_EQ(talk.answers[219].code, refused_stream);
  for (auto* each : talk.waiting) talk.session.release(*each);
}

TEST_F(h2_sessions, requests_taken_back_in_the_same_breath_reach_no_handler) {
  auto& talk = begun();
  std::string burst;
  for (std::uint32_t id = 1; id < 100; id += 2) {
    burst += h2_request(id, request_fields()) + h2_frame(reset_frame, 0, id, number32(cancel));
  }
  talk.send(burst);
  EXPECT_EQ(talk.requests, 0U);
  EXPECT_EQ(talk.session.streams(), 0U);
}

// Sends the same again and again: how often it was put up with; -1 if for ever.
int endured(h2_talk& talk, int most, const std::function<std::string(std::uint32_t)>& next) {
  std::uint32_t id = 1;
  for (int count = 0; count < most; ++count, id += 2) {
    talk.send(next(id));
    if (talk.goaway() >= 0) return count;
  }
  return -1;
}

TEST_F(h2_sessions, floods_end_the_connection_and_normal_use_does_not) {
  const std::vector<std::pair<const char*, std::function<std::string(std::uint32_t)>>> floods{
      {"resets (rapid reset)",
       [](std::uint32_t id) {
         return h2_request(id, request_fields()) + h2_frame(reset_frame, 0, id, number32(cancel));
       }},
      {"provoked resets by a window that overflows (MadeYouReset)",
       [](std::uint32_t id) {
         return h2_request(id, request_fields("POST"), false) + h2_frame(window_frame, 0, id, number32(0x7FFFFFFF));
       }},
      {"provoked resets by half a header",
       [](std::uint32_t id) {
         return h2_request(id, {{":method", "GET"}});
       }},
      {"pings", [](std::uint32_t) { return h2_frame(ping_frame, 0, 0, "12345678"); }},
      {"settings", [](std::uint32_t) { return h2_frame(settings_frame, 0, 0); }},
      {"empty data",
       [](std::uint32_t id) {
         return (id == 1 ? h2_request(1, request_fields("POST"), false) : std::string()) + h2_frame(data_frame, 0, 1);
       }},
      {"padded empty data",
       [](std::uint32_t id) {
         return (id == 1 ? h2_request(1, request_fields("POST"), false) : std::string()) +
                h2_frame(data_frame, 8, 1, std::string("\4\0\0\0\0", 5));
       }},
      {"window updates on a stream that is over",
       [](std::uint32_t id) {
         return id == 1 ? h2_request(1, request_fields()) : h2_frame(window_frame, 0, 1, number32(1));
       }},
      {"window updates on a stream that was taken back and is worked on",
       [](std::uint32_t id) {
         return id == 1   ? h2_request(1, request_fields())
                : id == 3 ? h2_frame(reset_frame, 0, 1, number32(cancel))
                          : h2_frame(window_frame, 0, 1, number32(1));
       }},
      {"headers on a stream that is over",
       [](std::uint32_t id) {
         return id == 1 ? h2_request(1, request_fields())
                        : h2_frame(headers_frame, end_headers | end_stream, 1, hpack({{"x", "1"}}));
       }},
      {"resets on a stream that is over",
       [](std::uint32_t id) {
         return id == 1 ? h2_request(1, request_fields()) : h2_frame(reset_frame, 0, 1, number32(cancel));
       }},
      {"window updates", [](std::uint32_t) { return h2_frame(window_frame, 0, 0, number32(1)); }},
      {"priorities", [](std::uint32_t) { return h2_frame(priority_frame, 0, 1, std::string(5, '\0')); }},
  };
  for (const auto& [what, next] : floods) {
    auto& talk = begun();
    const std::string_view called(what);
    if (called.starts_with("resets") || called.ends_with("worked on")) {
      talk.answer = [&](http::h2_stream&) { return false; };
    }
    const int count = endured(talk, 3'000, next);
    EXPECT_GE(count, 40) << what << ": a little of it is normal";
    EXPECT_EQ(talk.goaway(), enhance_your_calm) << what;
    EXPECT_FALSE(talk.session.fault().empty()) << what;
    for (auto* each : talk.waiting) talk.session.release(*each);
  }
}

TEST_F(h2_sessions, what_time_and_served_requests_pay_for_is_put_up_with) {
  auto& slow = begun();
  EXPECT_EQ(endured(slow, 2'000,
                    [&](std::uint32_t) {
                      slow.pass(milliseconds(200));
                      return h2_frame(ping_frame, 0, 0, "12345678");
                    }),
            -1);
  auto& busy = begun();
  EXPECT_EQ(endured(busy, 2'000,
                    [](std::uint32_t id) {
                      return h2_request(id, request_fields()) + h2_frame(window_frame, 0, 0, number32(2)) +
                             h2_frame(priority_frame, 0, id, std::string(5, '\0'));
                    }),
            -1);
}

TEST_F(h2_sessions, a_header_without_an_end_is_not_read_for_ever) {
  auto& talk = begun();
  talk.send(h2_frame(headers_frame, end_stream, 1, hpack(request_fields())));
  for (int count = 0; count < 100 && talk.goaway() < 0; ++count) {
    talk.send(h2_frame(continuation_frame, 0, 1, hpack({{"x", "1"}})));
  }
  EXPECT_EQ(talk.goaway(), enhance_your_calm);
  auto& large = begun();
  large.send(h2_frame(headers_frame, end_stream, 1, hpack(request_fields())));
  for (int count = 0; count < 100 && large.goaway() < 0; ++count) {
    large.send(h2_frame(continuation_frame, 0, 1, hpack({{"x", std::string(16'000, 'a')}})));
  }
  EXPECT_EQ(large.goaway(), enhance_your_calm);
  auto& empty = begun();
  empty.send(h2_frame(headers_frame, end_stream, 1, hpack(request_fields())));
  for (int count = 0; count < 100 && empty.goaway() < 0; ++count) empty.send(h2_frame(continuation_frame, 0, 1));
  EXPECT_EQ(empty.goaway(), enhance_your_calm);
}

// One field in the table, and named again by a byte each.
std::string one_field_many_times(std::size_t count) {
  std::string block = hpack(request_fields());
  block += '\x40';
  block += hpack({{"x-big", std::string(3'000, 'a')}}).substr(1);
  return block + std::string(count, static_cast<char>(0x80 | 62));
}

TEST_F(h2_sessions, a_header_that_unpacks_to_more_than_its_limit_is_refused_not_stored) {
  auto& talk = begun();
  talk.send(h2_frame(headers_frame, end_headers | end_stream, 1, one_field_many_times(30)));
  EXPECT_EQ(talk.answers[1].status, 431);
  EXPECT_EQ(talk.requests, 0U);
  EXPECT_EQ(talk.session.fault(), "");
}

TEST_F(h2_sessions, a_header_that_unpacks_to_far_more_than_was_sent_ends_the_connection) {
  auto& talk = begun();
  talk.send(h2_frame(headers_frame, end_headers | end_stream, 1, one_field_many_times(10'000)));
  EXPECT_THAT(talk.session.fault(), testing::HasSubstr("HPACK bomb"));
  EXPECT_EQ(talk.requests, 0U);
}

TEST_F(h2_sessions, a_header_that_trickles_is_late) {
  http::server_options options;
  options.timeouts.head = seconds(10);
  auto& talk = begun(options);
  EXPECT_TRUE(talk.session.quiet());
  talk.send(h2_frame(headers_frame, 0, 1, hpack(request_fields())));
  EXPECT_FALSE(talk.session.quiet());
  talk.pass(seconds(9));
  EXPECT_TRUE(talk.session.judge_times(talk.now));
  talk.pass(seconds(2));
  EXPECT_FALSE(talk.session.judge_times(talk.now));
}

TEST_F(h2_sessions, a_body_that_trickles_is_late_and_its_request_alone_is_refused) {
  auto& talk = begun();
  talk.send(h2_request(1, request_fields("POST"), false) + h2_frame(data_frame, 0, 1, "a"));
  talk.pass(seconds(29));
  EXPECT_TRUE(talk.session.judge_times(talk.now));
  talk.read();
  EXPECT_EQ(talk.answers[1].status, 0);
  talk.pass(seconds(2));
  EXPECT_TRUE(talk.session.judge_times(talk.now));
  talk.read();
  EXPECT_EQ(talk.answers[1].status, 408);
  talk.pass(seconds(2));
  EXPECT_TRUE(talk.session.judge_times(talk.now));
  talk.read();
  EXPECT_TRUE(talk.answers[1].reset);
  EXPECT_EQ(talk.answers[1].code, no_error);
  talk.send(h2_request(3, request_fields()));
  EXPECT_EQ(talk.answers[3].status, 200);
}

TEST_F(h2_sessions, an_answer_that_is_not_read_is_given_up) {
  auto& talk = begun();
  talk.answer = [&](http::h2_stream& on) {
    reply(talk, on, response(200, std::string(200'000, 'x')));
    return true;
  };
  talk.send(h2_request(1, request_fields()));
  EXPECT_EQ(talk.answers[1].body.size(), 65'535U) << "what there is room for";
  for (int count = 0; count < 32; ++count) {
    // A byte more now and then is not reading.
    talk.send(h2_frame(window_frame, 0, 0, number32(1)) + h2_frame(window_frame, 0, 1, number32(1)));
    talk.session.add_stall(seconds(1));
    talk.pass(seconds(1));
    EXPECT_TRUE(talk.session.judge_times(talk.now));
    talk.read();
    if (talk.answers[1].reset) break;
    EXPECT_LT(count, 40);
  }
  talk.session.add_stall(seconds(5));
  EXPECT_TRUE(talk.session.judge_times(talk.now));
  talk.read();
  EXPECT_TRUE(talk.answers[1].reset);
  EXPECT_EQ(talk.answers[1].code, cancel);
  EXPECT_EQ(talk.session.streams(), 0U);
}

TEST_F(h2_sessions, large_and_small_answers_take_turns) {
  auto& talk = begun();
  talk.answer = [&](http::h2_stream& on) {
    reply(talk, on, response(200, std::string(on.id == 1 ? 60'000 : 10, 'x')));
    return true;
  };
  std::string both = h2_request(1, request_fields());
  for (std::uint32_t id = 3; id < 20; id += 2) both += h2_request(id, request_fields());
  talk.send(both);
  std::size_t of_large = 0;
  std::size_t small_done = 0;
  for (const auto& one : talk.frames) {
    if (one.type != data_frame) continue;
    if (one.stream == 1) ++of_large;
    if (one.stream != 1) ++small_done;
    if (small_done == 9) break;
  }
  EXPECT_EQ(small_done, 9U);
  EXPECT_LE(of_large, 2U) << "the small ones do not wait for the large one";
}

TEST_F(h2_sessions, bodies_of_many_requests_do_not_fill_the_memory) {
  http::server_options options;
  options.limits.body_bytes = 100'000;
  auto& talk = begun(options);
  std::size_t room = 0;
  std::string all;
  for (std::uint32_t id = 1; id < 41; id += 2) all += h2_request(id, request_fields("POST"), false);
  talk.send(all);
  // Each sends what it has room for, 60,000 bytes; then only some get more.
  for (std::uint32_t id = 1; id < 41; id += 2) {
    for (int count = 0; count < 4; ++count) talk.send(h2_frame(data_frame, 0, id, std::string(15'000, 'x')));
  }
  for (const auto& one : talk.frames) {
    if (one.type == window_frame && one.stream != 0) room += one.number();
  }
  EXPECT_LT(room, 200'000U);
  EXPECT_GT(room, 0U);
  // Those that have come to their ends make room for the others.
  for (std::uint32_t id = 1; id < 41; id += 2) talk.send(h2_frame(data_frame, end_stream, id));
  EXPECT_EQ(talk.requests, 20U);
}

TEST_F(h2_sessions, a_shutdown_is_told_in_two_steps_and_what_has_begun_is_finished) {
  auto& talk = begun();
  talk.answer = [](http::h2_stream&) { return false; };
  talk.send(h2_request(1, request_fields()));
  talk.session.begin_shutdown(talk.now);
  talk.read();
  ASSERT_EQ(talk.frames.back().type, ping_frame);
  ASSERT_EQ(talk.frames[talk.frames.size() - 2].type, goaway_frame);
  EXPECT_EQ(talk.frames[talk.frames.size() - 2].number(), 0x7FFFFFFFU);
  EXPECT_EQ(talk.goaway(), no_error);
  talk.send(h2_request(3, request_fields()));
  EXPECT_EQ(talk.requests, 2U) << "it was on its way";
  talk.send(h2_frame(ping_frame, ack, 0, talk.frames.back().payload));
  ASSERT_EQ(talk.frames.back().type, goaway_frame);
  EXPECT_EQ(talk.frames.back().number(), 3U);
  talk.send(h2_request(5, request_fields()));
  EXPECT_EQ(talk.requests, 2U);
  EXPECT_FALSE(talk.over());
  for (auto* each : talk.waiting) reply(talk, *each, response(200, "ok"));
  talk.read();
  EXPECT_EQ(talk.answers[1].status, 200);
  EXPECT_EQ(talk.answers[3].status, 200);
  EXPECT_TRUE(talk.over());
}

TEST_F(h2_sessions, a_client_that_does_not_answer_holds_up_no_shutdown) {
  auto& talk = begun();
  talk.session.begin_shutdown(talk.now);
  talk.read();
  talk.pass(milliseconds(1'100));
  EXPECT_TRUE(talk.session.judge_times(talk.now));
  talk.read();
  EXPECT_TRUE(talk.over());
}

TEST_F(h2_sessions, what_is_no_http_2_is_told_so) {
  for (const std::string bytes : {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"}) {
    h2_talk talk;
    talk.send(bytes);
    EXPECT_EQ(talk.goaway(), protocol_error);
    EXPECT_TRUE(talk.over());
    EXPECT_FALSE(talk.session.fault().empty());
  }
}

}  // namespace
}  // namespace mutual::test
