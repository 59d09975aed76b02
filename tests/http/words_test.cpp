// Dates, status phrases and media types.

#include "http/date.hpp"
#include "http/media_type.hpp"

#include <mutual/response.hpp>

#include <gtest/gtest.h>

namespace mutual::http {
namespace {

const sys_seconds example{std::chrono::seconds(784111777)};
const sys_seconds in_2026{std::chrono::seconds(1795000000)};

TEST(http_date, is_written_as_imf_fixdate) {
  EXPECT_EQ(to_http_date(example), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(to_http_date(sys_seconds{}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(to_http_date(sys_seconds{std::chrono::seconds(1709251199)}), "Thu, 29 Feb 2024 23:59:59 GMT");
}

TEST(http_date, is_read_in_all_three_forms) {
  EXPECT_EQ(from_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), example);
  EXPECT_EQ(from_http_date("Sunday, 06-Nov-94 08:49:37 GMT", in_2026), example);
  EXPECT_EQ(from_http_date("Sun Nov  6 08:49:37 1994"), example);
  EXPECT_EQ(from_http_date("Thu Feb 29 23:59:59 2024"), sys_seconds{std::chrono::seconds(1709251199)});
}

TEST(http_date, that_is_none_is_not_read) {
  for (const auto* text :
       {"", "now", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 00 Nov 1994 08:49:37 GMT", "Sun Nov 06 08:49:37 199", "Sun, 06 Nov +994 08:49:37 GMT"}) {
    EXPECT_EQ(from_http_date(text, in_2026), std::nullopt) << text;
  }
}

TEST(http_date, of_every_day_of_many_years_is_read_back) {
  for (long day = 0; day < 366L * 80; ++day) {
    const sys_seconds time{std::chrono::seconds(day * 86400 + day % 86400)};
    ASSERT_EQ(from_http_date(to_http_date(time)), time);
  }
}

TEST(date_cache, writes_the_date_anew_when_the_second_changes) {
  date_cache cache;
  EXPECT_EQ(cache.at(example), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(cache.at(example), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(cache.at(example + std::chrono::seconds(1)), "Sun, 06 Nov 1994 08:49:38 GMT");
  date_cache fresh;
  EXPECT_EQ(fresh.at(sys_seconds{}), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(status_phrase, is_the_registered_one_or_unknown) {
  EXPECT_EQ(status_phrase(200), "OK");
  EXPECT_EQ(status_phrase(404), "Not Found");
  EXPECT_EQ(status_phrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(status_phrase(299), "Unknown");
}

TEST(media_type, goes_by_the_extension) {
  EXPECT_EQ(media_type("index.html"), "text/html; charset=utf-8");
  EXPECT_EQ(media_type("a.b/PHOTO.JPG"), "image/jpeg");
  EXPECT_EQ(media_type("site.min.css"), "text/css; charset=utf-8");
  EXPECT_EQ(media_type("data.json"), "application/json");
  for (const auto* name : {"", "README", "a.b/README", ".html", "x.", "x.unknown", "x.html.exe"}) {
    EXPECT_EQ(media_type(name), "application/octet-stream") << name;
  }
}

}  // namespace
}  // namespace mutual::http
