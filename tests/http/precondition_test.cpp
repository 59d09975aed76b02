// Conditional requests: RFC 9110 section 13.2.2, in its order.
#include "http/precondition.hpp"

#include <gtest/gtest.h>

namespace mutual::http {
namespace {

constexpr const char* before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr const char* same = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* after = "Sun, 06 Nov 1994 08:49:38 GMT";
const validators strong{"\"now\"", sys_seconds(std::chrono::seconds(784111777))};
const validators weak{"W/\"now\"", strong.modified};

using header = std::pair<const char*, const char*>;

request asked(const char* method, std::initializer_list<header> headers) {
  request out;
  out.method = method;
  for (const auto& [name, value] : headers) out.headers.add(name, value);
  return out;
}

precondition judged(std::initializer_list<header> headers, const char* method = "GET",
                    const validators& state = strong) {
  return judge_preconditions(asked(method, headers), state);
}

TEST(precondition, none_holds) { EXPECT_EQ(judged({}), precondition::holds); }

TEST(precondition, if_match_compares_strongly) {
  EXPECT_EQ(judged({{"If-Match", "\"now\""}}), precondition::holds);
  EXPECT_EQ(judged({{"If-Match", "\"old\", \"now\""}}), precondition::holds);
  EXPECT_EQ(judged({{"If-Match", "*"}}), precondition::holds);
  EXPECT_EQ(judged({{"If-Match", "\"old\""}}), precondition::failed);
  EXPECT_EQ(judged({{"If-Match", "W/\"now\""}}), precondition::failed);
  EXPECT_EQ(judged({{"If-Match", "\"now\""}}, "GET", weak), precondition::failed);
  EXPECT_EQ(judged({{"If-Match", "now"}}), precondition::failed) << "what cannot be read matches nothing";
}

TEST(precondition, if_unmodified_since_counts_without_if_match) {
  EXPECT_EQ(judged({{"If-Unmodified-Since", before}}), precondition::failed);
  EXPECT_EQ(judged({{"If-Unmodified-Since", same}}), precondition::holds);
  EXPECT_EQ(judged({{"If-Unmodified-Since", after}}, "PUT"), precondition::holds);
  EXPECT_EQ(judged({{"If-Unmodified-Since", "yesterday"}}), precondition::holds);
  EXPECT_EQ(judged({{"If-Match", "\"now\""}, {"If-Unmodified-Since", before}}), precondition::holds);
}

TEST(precondition, if_none_match_compares_weakly) {
  for (const auto* state : {&strong, &weak}) {
    EXPECT_EQ(judged({{"If-None-Match", "\"now\""}}, "GET", *state), precondition::not_modified);
    EXPECT_EQ(judged({{"If-None-Match", "W/\"now\""}}, "HEAD", *state), precondition::not_modified);
    EXPECT_EQ(judged({{"If-None-Match", "\"old\""}}, "GET", *state), precondition::holds);
  }
  EXPECT_EQ(judged({{"If-None-Match", "*"}}), precondition::not_modified);
  EXPECT_EQ(judged({{"If-None-Match", "now"}}), precondition::holds) << "the whole is never wrong";
}

TEST(precondition, if_none_match_fails_for_what_may_change_something) {
  EXPECT_EQ(judged({{"If-None-Match", "\"now\""}}, "PUT"), precondition::failed);
  EXPECT_EQ(judged({{"If-None-Match", "*"}}, "POST"), precondition::failed);
  EXPECT_EQ(judged({{"If-None-Match", "now"}}, "DELETE"), precondition::failed);
  EXPECT_EQ(judged({{"If-None-Match", "\"old\""}}, "PUT"), precondition::holds);
}

TEST(precondition, if_modified_since_counts_without_if_none_match_and_for_reading_only) {
  EXPECT_EQ(judged({{"If-Modified-Since", same}}), precondition::not_modified);
  EXPECT_EQ(judged({{"If-Modified-Since", after}}, "HEAD"), precondition::not_modified);
  EXPECT_EQ(judged({{"If-Modified-Since", before}}), precondition::holds);
  EXPECT_EQ(judged({{"If-Modified-Since", same}}, "POST"), precondition::holds);
  EXPECT_EQ(judged({{"If-None-Match", "\"old\""}, {"If-Modified-Since", after}}), precondition::holds);
  EXPECT_EQ(judged({{"If-Modified-Since", after}, {"If-Modified-Since", after}}), precondition::holds);
}

TEST(precondition, a_failure_goes_before_what_the_client_has) {
  EXPECT_EQ(judged({{"If-Match", "\"old\""}, {"If-None-Match", "\"now\""}}), precondition::failed);
  EXPECT_EQ(judged({{"If-Match", "\"now\""}, {"If-None-Match", "\"now\""}}), precondition::not_modified);
}

TEST(range_counts, if_if_range_names_this_very_state) {
  const auto counts = [](std::initializer_list<header> headers, const validators& state = strong,
                         std::chrono::seconds later = std::chrono::hours(1)) {
    return range_counts(asked("GET", headers), state, strong.modified + later);
  };
  EXPECT_TRUE(counts({}));
  EXPECT_TRUE(counts({{"If-Range", "\"now\""}}));
  EXPECT_TRUE(counts({{"If-Range", same}}));
  EXPECT_FALSE(counts({{"If-Range", "\"old\""}}));
  EXPECT_FALSE(counts({{"If-Range", "W/\"now\""}}));
  EXPECT_FALSE(counts({{"If-Range", "\"now\""}}, weak));
  EXPECT_FALSE(counts({{"If-Range", after}})) << "it is no limit but a name";
  EXPECT_FALSE(counts({{"If-Range", before}}));
  EXPECT_FALSE(counts({{"If-Range", same}}, strong, std::chrono::seconds(1))) << "it could change within that second";
  auto set = strong;
  set.is_date_its_own = false;
  EXPECT_FALSE(counts({{"If-Range", same}}, set)) << "what was here before may have had that date";
  EXPECT_TRUE(counts({{"If-Range", "\"now\""}}, set));
  EXPECT_FALSE(counts({{"If-Range", "*"}}));
  EXPECT_FALSE(counts({{"If-Range", "\"now\""}, {"If-Range", "\"now\""}}));
}

}  // namespace
}  // namespace mutual::http
