#pragma once
// How often a thread has let others go on.

#include <chrono>
#include <ctime>
#include <sys/resource.h>

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

}  // namespace mutual::test
