#pragma once
// How often a thread has let others go on.

#include "base/considerate.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <sys/resource.h>
#include <utility>

namespace mutual::test {

/// The time for which this thread has had a core so far.
inline std::chrono::nanoseconds work_of_this_thread() {
  std::timespec used{};
  (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

/// How often this thread has given up its core by itself so far.
inline long rests_of_this_thread() {
  rusage used{};
  (void)::getrusage(RUSAGE_THREAD, &used);
  return used.ru_nvcsw;
}

/// What a thread has done: for how long it worked, and how often it rested.
struct work_done {
  std::chrono::nanoseconds worked;
  long rests;

  /// Whether it rested at least once in four milliseconds that it worked.
  bool rested_enough() const { return rests >= worked / std::chrono::milliseconds(4); }
};

template <class Work>
work_done measure(Work work) {
  const auto before = rests_of_this_thread();
  const auto began = work_of_this_thread();
  work();
  return {work_of_this_thread() - began, rests_of_this_thread() - before};
}

/// Expects that the work rests often enough. What comes in several parts is tested part by part: many rests in one
/// would hide that there are none in another.
template <class Work>
void expect_rests_by_itself(Work work) {
  const auto done = measure(std::move(work));
  EXPECT_GT(done.worked, std::chrono::milliseconds(4)) << "too little to tell";
  EXPECT_TRUE(done.rested_enough()) << done.rests << " rests in " << done.worked.count() << " ns of work";
}

/// The same of work that rests where it is asked to.
template <class Work>
void expect_rests_during(Work work) {
  const considerate_scope here;
  expect_rests_by_itself(std::move(work));
}

}  // namespace mutual::test
