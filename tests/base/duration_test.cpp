#include "base/duration.hpp"

#include <gtest/gtest.h>

namespace mutual {
namespace {

using namespace std::chrono_literals;

TEST(duration, is_a_number_and_a_unit) {
  EXPECT_EQ(duration_from_text("90s"), 90s);
  EXPECT_EQ(duration_from_text("30m"), 30min);
  EXPECT_EQ(duration_from_text("24h"), 24h);
  EXPECT_EQ(duration_from_text("7d"), 168h);
  EXPECT_EQ(duration_from_text("36500d"), std::chrono::days(36500));
}

TEST(duration, is_nothing_else) {
  for (const char* const wrong :
       {"", "s", "5", "0s", "-1h", "1.5h", "1 h", "1H", "1w", "36501d", "99999999999999999999d", "h5"}) {
    EXPECT_FALSE(duration_from_text(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace mutual
