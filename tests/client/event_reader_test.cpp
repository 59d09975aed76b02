#include "client/event_reader.hpp"

#include <mutual/events.hpp>

#include <gtest/gtest.h>

namespace mutual::client {
namespace {

std::string shown(const std::vector<received_event>& all) {
  std::string out;
  for (const auto& one : all) out += "[" + one.name + "|" + one.id + "|" + one.data + "]";
  return out;
}

std::string read_in_pieces(std::string_view text, std::size_t size) {
  event_reader reader;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += size) {
    const auto got = reader.take(text.substr(at, size));
    out += got ? shown(*got) : "(error)";
  }
  return out;
}

TEST(event_reader, reads_what_a_stream_holds_however_it_is_cut) {
  constexpr std::string_view text =
      "\xEF\xBB\xBF: a comment\n\ndata: one\n\nevent: lists\nid: 7\ndata: two\r\ndata:lines\r\n\r\nid\rdata\r\revent: "
      "x\n\n"
      "data:  spaced\nretry: 5\nunknown: y\nnothing\n\n";
  const std::string expected = "[message||one][lists|7|two\nlines][message||][message|| spaced]";
  for (std::size_t size = 1; size <= text.size(); ++size) EXPECT_EQ(read_in_pieces(text, size), expected) << size;
}

TEST(event_reader, reads_what_we_send) {
  event what("first\nsecond");
  what.name("lists").id("abc");
  EXPECT_EQ(read_in_pieces(what.to_text(), 3), "[lists|abc|first\nsecond]");
}

TEST(event_reader, keeps_the_id_and_takes_none_with_a_nul) {
  EXPECT_EQ(read_in_pieces(std::string_view("id: a\ndata: 1\n\nid: b\0c\ndata: 2\n\n", 33), 5),
            "[message|a|1][message|a|2]");
}

TEST(event_reader, gives_an_event_up_that_is_too_large) {
  event_reader reader(100);
  EXPECT_TRUE(reader.take("data: " + std::string(90, 'x') + "\n\n"));
  EXPECT_FALSE(reader.take("data: " + std::string(200, 'x')));
  event_reader many(100);
  result<std::vector<received_event>> got = std::vector<received_event>();
  for (int n = 0; n < 50 && got; ++n) got = many.take("data: xxxx\n");
  EXPECT_FALSE(got);
}

TEST(event_reader, bounds_ids_since_each_event_has_a_copy) {
  event_reader just;
  EXPECT_TRUE(just.take("id: " + std::string(longest_id, 'x') + "\ndata: 1\n\n"));
  event_reader more;
  const auto refused = more.take("id: " + std::string(longest_id + 1, 'x') + "\ndata: 1\n\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::limit_exceeded);
}

}  // namespace
}  // namespace mutual::client
