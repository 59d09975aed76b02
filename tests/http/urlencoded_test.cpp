// application/x-www-form-urlencoded, in whatever pieces it comes.
#include "http/urlencoded.hpp"

#include <gmock/gmock.h>

namespace mutual::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(urlencoded, is_the_same_in_whatever_pieces_it_comes) {
  const std::string body = "a=1&b=x+y%20z&&c&=d&e=f=g&a=%C3%BC";
  for (std::size_t step = 1; step <= body.size(); ++step) {
    urlencoded_parser parser(10, 100);
    for (std::size_t at = 0; at < body.size(); at += step)
      ASSERT_TRUE(parser.feed(std::string_view(body).substr(at, step)));
    ASSERT_TRUE(parser.end());
    EXPECT_THAT(parser.fields(), ElementsAre(Pair("a", "1"), Pair("b", "x y z"), Pair("c", ""), Pair("", "d"),
                                             Pair("e", "f=g"), Pair("a", "\xc3\xbc")));
  }
}

TEST(urlencoded, that_cannot_be_read_in_one_way_is_refused) {
  for (const char* wrong : {"a=%", "a=%4", "a=%zz", "%=a", "a=%ff", "a=%00", "a=\xff", "a=1&b=%C3&c=2"}) {
    urlencoded_parser parser(10, 100);
    EXPECT_FALSE(parser.feed(wrong) && parser.end()) << wrong;
    EXPECT_FALSE(parser.is_too_large());
    EXPECT_FALSE(parser.feed("c=d") || parser.end()) << "nothing makes it good again";
  }
}

TEST(urlencoded, has_limits) {
  urlencoded_parser many(2, 100), large(2, 4), fits(2, 4);
  EXPECT_FALSE(many.feed("a&b&c") && many.end());
  EXPECT_TRUE(many.is_too_large());
  EXPECT_FALSE(large.feed("a=1") && large.feed("23"));
  EXPECT_TRUE(large.is_too_large());
  EXPECT_TRUE(fits.feed("a=12&b=12") && fits.end());
}

}  // namespace
}  // namespace mutual::http
