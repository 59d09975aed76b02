// Percent-encoding.
#include "base/percent.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

namespace mutual::text {
namespace {

TEST(percent_encoded, bytes_are_read_back) {
  EXPECT_EQ(percent_encoded("a-b_c.d~9"), "a-b_c.d~9");
  EXPECT_EQ(percent_encoded("a b/c%?"), "a%20b%2Fc%25%3F");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
}

}  // namespace
}  // namespace mutual::text
