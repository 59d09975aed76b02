#pragma once
// finding: one thing that is wrong with a chain; and which of several is told.

#include <mutual/reason.hpp>

#include <string>
#include <utility>
#include <vector>

namespace mutual::tls {

struct finding {
  reason why;
  std::string detail;
};

/// Where the reason stands in the order of telling: lower is told first. docs/verdict.md says why.
int rank(reason why);

/// Things wrong with one chain; empty is good.
using findings = std::vector<finding>;

/// The one to tell of one chain: the most fundamental. Must not be empty.
const finding& most_telling(const findings& all);

}  // namespace mutual::tls
