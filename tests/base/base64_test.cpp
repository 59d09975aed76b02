#include "base/base64.hpp"

#include <gtest/gtest.h>

namespace mutual::base64 {
namespace {

TEST(base64, has_the_examples_of_rfc_4648) {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) {
    EXPECT_EQ(encode(bytes), text);
    EXPECT_EQ(decode(text), bytes);
  }
  EXPECT_EQ(encode("\xff\xfe\xfd"), "//79");
}

TEST(base64, is_read_only_as_it_would_be_written) {
  for (const char* const wrong :
       {"Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zm9v\n", " Zm9v", "Zm9_", "Zm9-", "Zg==Zg=="}) {
    EXPECT_FALSE(decode(wrong)) << wrong;
  }
}

TEST(base64, that_is_wrong_leaves_what_was_there_before_it) {
  std::string out = "foo";
  EXPECT_FALSE(append_decoded("Zm9vY!==", out));
  EXPECT_FALSE(append_decoded("Zm9vYmFyZ", out));
  EXPECT_EQ(out, "foo");
  EXPECT_TRUE(append_decoded("Zm9vYmFy", out));
  EXPECT_EQ(out, "foofoobar");
}

TEST(base64, has_lines_where_they_are_asked_for) {
  const std::string long_one(100, 'x');
  const auto lines = encode_lines(long_one);
  EXPECT_EQ(lines.find('\n'), 64U);
  EXPECT_TRUE(lines.ends_with("=\n"));
  EXPECT_EQ(decode_lines(lines), long_one);
  EXPECT_EQ(decode_lines(" Zm \t9\r\nv\r\n"), "foo");
  EXPECT_FALSE(decode_lines("Zm9v!"));
  EXPECT_EQ(encode_lines(""), "");
}

}  // namespace
}  // namespace mutual::base64
