// Entity tags and lists of them.
#include "http/entity_tag.hpp"

#include <gmock/gmock.h>

namespace mutual::http {
namespace {

TEST(entity_tag, is_a_quoted_string_with_or_without_a_weak_mark) {
  EXPECT_EQ(read_entity_tag("\"a\""), (entity_tag{false, "a"}));
  EXPECT_EQ(read_entity_tag("W/\"a,b\""), (entity_tag{true, "a,b"}));
  EXPECT_EQ(read_entity_tag("\"\""), (entity_tag{false, ""}));
  for (const char* wrong :
       {"", "a", "\"a", "a\"", "w/\"a\"", "W/a", "W / \"a\"", "\"a\"b", "\"a b\"", "\"a\" ", "*", "\"\x01\""}) {
    EXPECT_FALSE(read_entity_tag(wrong)) << wrong;
  }
}

TEST(entity_tags, are_read_from_all_fields_as_one_list) {
  const auto read = read_entity_tags({"\"a\", W/\"b\"", " ,,\"c,d\","});
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->any);
  EXPECT_THAT(read->tags,
              testing::ElementsAre(entity_tag{false, "a"}, entity_tag{true, "b"}, entity_tag{false, "c,d"}));
  EXPECT_TRUE(read_entity_tags({" * "})->any);
}

TEST(entity_tags, that_are_no_list_are_not_read) {
  const std::string many(512, ',');
  for (const char* wrong : {"", ",", "\"a\" \"b\"", "\"a\"\"b\"", "*, \"a\"", "\"a\", *", "a", "\"a\", b"}) {
    EXPECT_FALSE(read_entity_tags({wrong})) << wrong;
  }
  EXPECT_FALSE(read_entity_tags({"*", "\"a\""}));
  EXPECT_FALSE(read_entity_tags({"\"a\"", "*"}));
  EXPECT_FALSE(read_entity_tags({many}));
  std::string list;
  for (int i = 0; i < 256; ++i) list += "\"a\",";
  EXPECT_TRUE(read_entity_tags({list}));
  EXPECT_FALSE(read_entity_tags({list + "\"b\""})) << "there is a limit";
}

TEST(entity_tags, match_strongly_only_if_neither_is_weak) {
  const entity_tag strong{false, "1"}, weak{true, "1"}, other{false, "2"};
  EXPECT_TRUE(match_strongly(strong, strong));
  EXPECT_FALSE(match_strongly(strong, weak));
  EXPECT_FALSE(match_strongly(weak, weak));
  EXPECT_FALSE(match_strongly(strong, other));
  EXPECT_TRUE(match_weakly(strong, weak));
  EXPECT_TRUE(match_weakly(weak, weak));
  EXPECT_FALSE(match_weakly(weak, other));
}

}  // namespace
}  // namespace mutual::http
