#pragma once
// What a test expects to have gone well, or the sentence if it has not.

#include <mutual/result.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace mutual::test {

/// The value; throws with the sentence, which ends the test, if there is none.
template <class T>
T good(result<T> outcome) {
  if (!outcome) throw std::runtime_error(outcome.error().message());
  return *std::move(outcome);
}

inline void good(const result<>& outcome) {
  if (!outcome) throw std::runtime_error(outcome.error().message());
}

/// Why it failed.
template <class T>
std::string message(const result<T>& outcome) {
  return outcome ? "(no failure)" : outcome.error().message();
}

}  // namespace mutual::test
