#include <mutual/fields.hpp>

#include <gtest/gtest.h>

namespace mutual {
namespace {

using ::testing::ElementsAre;

fields sample() {
  fields all;
  all.add("Host", "a");
  all.add("Accept", "x");
  all.add("ACCEPT", "y");
  return all;
}

TEST(fields, names_compare_without_case_and_keep_theirs) {
  const auto all = sample();
  EXPECT_EQ(all.get("hOST"), "a");
  EXPECT_EQ(all.get("Accept"), "x");
  EXPECT_THAT(all.get_all("accept"), ElementsAre("x", "y"));
  EXPECT_EQ(all.count("accept"), 2U);
  EXPECT_EQ(all[2].name, "ACCEPT");
  EXPECT_FALSE(all.contains("Accep"));
  EXPECT_EQ(all.get("none"), std::nullopt);
}

TEST(fields, set_leaves_one_of_that_name_in_the_first_ones_place) {
  auto all = sample();
  all.set("accept", "z");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].name, "accept");
  EXPECT_EQ(all[1].value, "z");
  all.set("New", "n");
  EXPECT_EQ(all[2].value, "n");
}

TEST(fields, remove_says_how_many_there_were) {
  auto all = sample();
  EXPECT_EQ(all.remove("accept"), 2U);
  EXPECT_EQ(all.remove("accept"), 0U);
  EXPECT_EQ(all.size(), 1U);
  EXPECT_EQ(all.get("Host"), "a");
}

TEST(fields, values_may_come_from_the_fields_themselves) {
  fields all;
  all.add("A", std::string(200, 'x'));
  for (int i = 0; i < 20; ++i) all.add(all[0].name, all[0].value);
  all.set("B", *all.get("A"));
  all.set(all[0].name, *all.get("B"));
  EXPECT_EQ(all.get("A"), std::string(200, 'x'));
  EXPECT_EQ(all.get("B"), std::string(200, 'x'));
  EXPECT_EQ(all.size(), 2U);
}

TEST(fields, has_token_looks_into_lists_spread_over_fields) {
  fields all;
  all.add("Connection", "keep-alive , Upgrade");
  all.add("connection", ",close,");
  EXPECT_TRUE(all.has_token("Connection", "upgrade"));
  EXPECT_TRUE(all.has_token("Connection", "CLOSE"));
  EXPECT_FALSE(all.has_token("Connection", "keep"));
  EXPECT_FALSE(all.has_token("Connection", "keep-alive , Upgrade"));
  EXPECT_FALSE(all.has_token("TE", "close"));
}

TEST(fields, cleared_ones_are_empty_and_can_be_filled_again) {
  auto all = sample();
  all.clear();
  EXPECT_TRUE(all.empty());
  all.add("A", "1");
  all.clear_and_shrink(0);
  EXPECT_TRUE(all.empty());
  all.add("B", "2");
  EXPECT_EQ(all.get("B"), "2");
  EXPECT_FALSE(all.contains("A"));
}

TEST(fields, copies_are_their_own) {
  auto all = sample();
  const auto copy = all;
  all.set("Host", "b");
  EXPECT_EQ(copy.get("Host"), "a");
}

}  // namespace
}  // namespace mutual
