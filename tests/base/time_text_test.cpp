#include "base/time_text.hpp"

namespace mutual {
namespace {

TEST(time_text, what_we_write_is_read_back) {
  for (const long long at : {0LL, 1'790'000'000LL, 951'782'400LL, 253'402'300'799LL}) {
    const sys_seconds time{std::chrono::seconds(at)};
    EXPECT_EQ(time_from_text(to_text(time)), time);
    EXPECT_EQ(time_from_text(to_rfc3339(time)), time);
  }
}

TEST(time_text, a_day_is_its_first_second) {
  EXPECT_EQ(time_from_text("2026-11-23"), time_from_text("2026-11-23T00:00:00Z"));
  EXPECT_TRUE(time_from_text("2028-02-29"));
}

TEST(time_text, what_is_no_time_is_none) {
  for (const char* wrong :
       {"", "2026", "2026-11", "2026-13-01", "2026-02-29", "2026-11-31", "2026-11-23T", "2026-11-23T24:00:00Z",
        "2026-11-23T10:60:00Z", "2026-11-23T10:00:60Z", "2026-11-23T10:00:00", "2026-11-23T10:00:00+01:00",
        "2026-11-23 10:00:00Z", "2026-11-23T10:00:00Zz", "2026/11/23", "tomorrow", "+026-11-23", "20261123T1"}) {
    EXPECT_FALSE(time_from_text(wrong)) << wrong;
  }
}

TEST(time_text, is_written_with_four_digits_of_the_year_however_early) {
  const auto early = time_from_text("0226-11-23");
  ASSERT_TRUE(early);
  EXPECT_EQ(to_rfc3339(*early), "0226-11-23T00:00:00Z");
  EXPECT_EQ(to_text(*early), "0226-11-23 00:00:00 UTC");
  EXPECT_EQ(to_rfc3339(sys_seconds(std::chrono::seconds(0))), "1970-01-01T00:00:00Z");
}

}  // namespace
}  // namespace mutual
