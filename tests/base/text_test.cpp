#include "base/text.hpp"

#include "base/characters.hpp"

namespace mutual::text {
namespace {

TEST(text, equality_ignores_ascii_case_only) {
  EXPECT_TRUE(iequals("Content-Length", "content-LENGTH"));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_FALSE(iequals("@", "`"));
}

TEST(text, lists_are_split_trimmed_and_without_empty_parts) {
  EXPECT_THAT(split_list(" close ,, keep-alive,"), testing::ElementsAre("close", "keep-alive"));
  EXPECT_TRUE(split_list(" , ").empty());
}

TEST(text, that_turns_the_direction_in_which_it_runs_is_known) {
  for (const std::string_view one : {"\u061C", "\u200E", "\u200F", "\u202A", "\u202C", "\u202E", "\u2066", "\u2069"}) {
    EXPECT_TRUE(turns_direction(one, 0, one.size())) << printable(one);
  }
  for (const std::string_view one :
       {"a", "\u061B", "\u061D", "\u200D", "\u2010", "\u2029", "\u202F", "\u2065", "\u206A", "\u05D0", "\U0001F600"}) {
    EXPECT_FALSE(turns_direction(one, 0, one.size())) << one;
  }
}

TEST(text, printable_escapes_what_could_forge_a_log_line_or_move_a_terminals_cursor) {
  EXPECT_EQ(printable("alice\nbob\x1b[2J"), "alice\\x0abob\\x1b[2J");
  EXPECT_EQ(printable("say \"hi\"\\"), "say \\x22hi\\x22\\x5c");
  EXPECT_EQ(printable("앨리스"), "앨리스");
  EXPECT_EQ(printable("\xff\xc0\x80\xed\xa0\x80"), "\\xff\\xc0\\x80\\xed\\xa0\\x80");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");
  EXPECT_EQ(printable("a\u202Eb\u061C"), "a\\xe2\\x80\\xaeb\\xd8\\x9c");
  EXPECT_EQ(printable(std::string(300, 'a'), 10), "aaaaaaaaaa…");
}

TEST(text, percent_decoding_refuses_broken_escapes) {
  EXPECT_EQ(percent_decoded("a%20b"), "a b");
  EXPECT_EQ(percent_decoded("a+b", true), "a b");
  EXPECT_EQ(percent_decoded("a+b"), "a+b");
  EXPECT_FALSE(percent_decoded("%2"));
  EXPECT_FALSE(percent_decoded("%zz"));
}

TEST(text, numbers_have_no_sign_space_or_overflow) {
  EXPECT_EQ(to_number("42"), 42U);
  for (const auto* bad : {"", "-1", "+1", " 1", "1 ", "0x1", "99999999999999999999"})
    EXPECT_FALSE(to_number(bad)) << bad;
}

}  // namespace
}  // namespace mutual::text
