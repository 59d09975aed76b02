// What a session of HTTP/2 tells of, and in which order, to a connection that does not hear all of it at once.
#include "support/h2_talk.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace mutual::test {
namespace {

using kind = http::h2_event::kind;

http::server_options with_streams(std::size_t most) {
  http::server_options options;
  options.most_streams = most;
  return options;
}

void ask(h2_talk& in, std::uint32_t stream) { in.session.feed(h2_request(stream, request_fields()), in.now); }

void collect_all(h2_talk& in) {
  std::string out;
  while (in.session.collect(out, 1'000, in.now)) out.clear();
}

TEST(h2_events, an_answer_that_has_gone_out_makes_room_before_its_owner_has_heard_so) {
  h2_talk talk(with_streams(1));
  talk.begin();
  ask(talk, 1);
  const auto first = talk.session.next_event();
  ASSERT_TRUE(first);
  reply(talk, *first->stream, response(200, "ok"));
  collect_all(talk);
  ask(talk, 3);
  const auto end = talk.session.next_event();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->what, kind::closed);
  EXPECT_EQ(end->stream, first->stream);
  const auto second = talk.session.next_event();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->what, kind::request);
  EXPECT_EQ(second->stream->id, 3);
  talk.session.release(*end->stream);
  ask(talk, 5);
  EXPECT_FALSE(talk.session.next_event()) << "there is one already";
}

TEST(h2_events, a_turn_comes_behind_what_has_happened_also_when_its_stream_is_closed) {
  h2_talk talk;
  talk.begin();
  ask(talk, 1);
  const auto asked = talk.session.next_event();
  ASSERT_TRUE(asked);
  talk.session.abandon();
  talk.session.ask_for_turn(*asked->stream);
  const auto first = talk.session.next_event();
  const auto second = talk.session.next_event();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->what, kind::closed);
  EXPECT_EQ(second->what, kind::turn);
  EXPECT_FALSE(talk.session.has_events());
}

TEST(h2_events, a_request_waits_for_no_more_of_others_than_there_are_streams) {
  h2_talk talk;
  talk.begin();
  ask(talk, 1);
  const auto asked = talk.session.next_event();
  ASSERT_TRUE(asked);
  ask(talk, 3);
  int others = 0;
  for (; others < 100; ++others) {
    talk.session.ask_for_turn(*asked->stream);
    const auto next = talk.session.next_event();
    ASSERT_TRUE(next);
    if (next->what == kind::request) break;
  }
  EXPECT_EQ(others, 2);
}

}  // namespace
}  // namespace mutual::test
