// Range: RFC 9110 section 14.
#include "http/byte_range.hpp"

#include <gmock/gmock.h>

namespace mutual::http {
namespace {

using meaning = range_request::meaning;
using testing::ElementsAre;

void expect_spans(std::string_view value, const std::vector<byte_span>& spans) {
  const auto read = read_range(value, 1000);
  EXPECT_EQ(read.what, meaning::spans) << value;
  EXPECT_EQ(read.spans, spans) << value;
}

TEST(range, names_a_first_and_a_last_byte_or_the_end) {
  expect_spans("bytes=0-0", {{0, 1}});
  expect_spans("bytes=0-499", {{0, 500}});
  expect_spans("bytes=500-", {{500, 500}});
  expect_spans("bytes=-500", {{500, 500}});
  expect_spans("bytes=-1", {{999, 1}});
  expect_spans("BYTES=999-999", {{999, 1}});
}

TEST(range, ends_with_the_file) {
  expect_spans("bytes=900-5000", {{900, 100}});
  expect_spans("bytes=-5000", {{0, 1000}});
  expect_spans("bytes=1-99999999999999999999999999", {{1, 999}});
  expect_spans("bytes=-99999999999999999999999999", {{0, 1000}});
}

TEST(range, of_several_keeps_their_order_and_leaves_out_what_is_not_there) {
  expect_spans("bytes=500-599, 0-99", {{500, 100}, {0, 100}});
  expect_spans("bytes=0-0,,-1,", {{0, 1}, {999, 1}});
  expect_spans("bytes=0-9,2000-2001", {{0, 10}});
}

TEST(range, of_which_nothing_is_there_cannot_be_satisfied) {
  for (const char* value :
       {"bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=2000-,-0", "bytes=99999999999999999999999999-"}) {
    const auto read = read_range(value, 1000);
    EXPECT_EQ(read.what, meaning::unsatisfiable) << value;
    EXPECT_TRUE(read.spans.empty());
  }
}

TEST(range, that_is_none_is_left_out) {
  for (const char* value :
       {"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-", "bytes=0-a", "bytes=9-0", "bytes=0", "bytes=0--1",
        "bytes=+1-2", "bytes= 0 - 1", "bytes=0x1-", "lines=0-1", " bytes=0-1", "bytes=0-1;2-3", "bytes=0-1,x"}) {
    EXPECT_EQ(read_range(value, 1000).what, meaning::none) << value;
  }
  EXPECT_EQ(read_range("bytes=0-", 0).what, meaning::none) << "nothing of nothing can be named";
  EXPECT_EQ(read_range("bytes=-5", 0).what, meaning::none);
}

TEST(range, that_only_makes_work_is_left_out) {
  EXPECT_EQ(read_range("bytes=0-10,10-20", 1000).what, meaning::none) << "they overlap";
  EXPECT_EQ(read_range("bytes=0-,0-,0-", 1000).what, meaning::none);
  EXPECT_EQ(read_range("bytes=500-600,-900", 1000).what, meaning::none);
  std::string many = "bytes=0-0";
  for (std::size_t i = 1; i < most_ranges; ++i) many += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  EXPECT_EQ(read_range(many, 1000).spans.size(), most_ranges);
  EXPECT_EQ(read_range(many + ",900-900", 1000).what, meaning::none);
  EXPECT_EQ(read_range(many + ",9000-9000", 1000).what, meaning::none) << "those that are not there count too";
}

TEST(range, of_the_largest_file_does_not_overflow) {
  const auto size = std::uint64_t{1} << 63U;
  const auto read = read_range("bytes=9223372036854775807-18446744073709551615,-1", size);
  EXPECT_EQ(read.what, meaning::none) << "both name the last byte";
  EXPECT_THAT(read_range("bytes=0-18446744073709551615", size).spans, ElementsAre(byte_span{0, size}));
}

TEST(content_range, says_which_of_how_many) { EXPECT_EQ(content_range({500, 500}, 1000), "bytes 500-999/1000"); }

}  // namespace
}  // namespace mutual::http
