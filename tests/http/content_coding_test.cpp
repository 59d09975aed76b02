// Accept-Encoding: RFC 9110 section 12.5.3.
#include "http/content_coding.hpp"

#include <gtest/gtest.h>

namespace mutual::http {
namespace {

constexpr std::array offered = {coding::zstd, coding::br, coding::gzip};

std::optional<coding> chosen(std::string_view value) { return accepted_codings::read({value}).choose(offered); }

TEST(accept_encoding, chooses_what_is_most_welcome) {
  EXPECT_EQ(chosen("gzip"), coding::gzip);
  EXPECT_EQ(chosen("gzip, deflate, br"), coding::br);
  EXPECT_EQ(chosen("gzip, br, zstd"), coding::zstd) << "of equals, the first of ours";
  EXPECT_EQ(chosen("gzip;q=1.0, br;q=0.9, zstd;q=0.899"), coding::gzip);
  EXPECT_EQ(chosen("GZIP;Q=0.001"), coding::gzip);
  EXPECT_EQ(chosen("x-gzip"), coding::gzip);
  EXPECT_EQ(chosen("*"), coding::zstd);
  EXPECT_EQ(chosen("*;q=0.5, gzip ; q=0.6"), coding::gzip);
  EXPECT_EQ(chosen("zstd;q=0, *"), coding::br);
}

TEST(accept_encoding, leaves_the_bytes_plain_if_that_is_wanted_or_nothing_else_is) {
  EXPECT_EQ(accepted_codings::read({}).choose(offered), coding::identity);
  for (const char* value : {"", "deflate", "identity", "gzip;q=0", "identity, gzip;q=0.5", "gzip;q=0.5, identity;q=0.6",
                            "*;q=0, identity"}) {
    EXPECT_EQ(chosen(value), coding::identity) << value;
  }
  EXPECT_EQ(chosen("identity, gzip"), coding::gzip) << "as welcome, and smaller";
}

TEST(accept_encoding, may_refuse_everything) {
  for (const char* value :
       {"identity;q=0", "*;q=0", "identity;q=0, deflate", "gzip;q=0, br;q=0, zstd;q=0, identity;q=0"}) {
    EXPECT_EQ(chosen(value), std::nullopt) << value;
  }
  EXPECT_EQ(chosen("identity;q=0, gzip;q=0.1"), coding::gzip);
  EXPECT_EQ(chosen("*;q=0, gzip"), coding::gzip);
}

TEST(accept_encoding, said_twice_is_the_less_welcoming) {
  EXPECT_EQ(chosen("gzip, gzip;q=0"), coding::identity);
  EXPECT_EQ(accepted_codings::read({"gzip;q=0.5", "br;q=0.4", "gzip;q=0.3"}).choose(offered), coding::br);
}

TEST(accept_encoding, that_is_none_asks_for_nothing) {
  for (const char* value :
       {"gzip;q=2", "gzip;q=1.001", "gzip;q=-1", "gzip;q=0.1234", "gzip;q", "gzip;q=", "gzip;level=9", "gzip;q=.5",
        "gzip;q=0,5", "gzip br", "gzip;q=1;q=1", "gzip,@", "g\"zip", ";q=1"}) {
    EXPECT_EQ(chosen(value), coding::identity) << value;
  }
  std::string many = "gzip";
  for (int i = 0; i < 64; ++i) many += ",a";
  EXPECT_EQ(chosen(many), coding::identity);
  EXPECT_EQ(chosen("gzip;q=1."), coding::gzip) << "the RFC allows that";
}

}  // namespace
}  // namespace mutual::http
