// Long work that lets others go on: only where it was asked to.
#include "base/considerate.hpp"

#include "support/rests.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace mutual {
namespace {

using clock = std::chrono::steady_clock;

TEST(a_considerate_scope, rests_now_and_then) {
  const considerate_scope here;
  const auto before = test::rests_of_this_thread();
  const auto end = clock::now() + std::chrono::seconds(60);
  while (test::rests_of_this_thread() < before + 5 && clock::now() < end) let_others_go_on();
  EXPECT_GE(test::rests_of_this_thread(), before + 5);
}

TEST(a_considerate_scope, works_for_a_millisecond_before_it_rests) {
  const auto began = clock::now();
  const considerate_scope here;
  const auto before = test::rests_of_this_thread();
  for (int count = 0; count < 100; ++count) let_others_go_on();
  const auto most = (clock::now() - began) / std::chrono::milliseconds(1);
  EXPECT_LE(test::rests_of_this_thread(), before + most);
}

TEST(a_considerate_scope, ends_with_the_outermost) {
  {
    const considerate_scope outer;
    { const considerate_scope inner; }
    const auto before = test::rests_of_this_thread();
    const auto end = clock::now() + std::chrono::seconds(60);
    while (test::rests_of_this_thread() == before && clock::now() < end) let_others_go_on();
    EXPECT_GT(test::rests_of_this_thread(), before);
  }
  // A thread may have to wait for something else, but not each time.
  long fewest = 1000;
  for (int attempt = 0; attempt < 10 && fewest > 0; ++attempt) {
    const auto before = test::rests_of_this_thread();
    const auto end = clock::now() + std::chrono::milliseconds(5);
    while (clock::now() < end) let_others_go_on();
    fewest = std::min(fewest, test::rests_of_this_thread() - before);
  }
  EXPECT_EQ(fewest, 0);
}

}  // namespace
}  // namespace mutual
