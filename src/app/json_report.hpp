#pragma once
// What is found wrong with a JSON document.

#include <boost/json/value.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace mutual::detail {

/// One place that is not as it should be.
struct json_finding {
  std::string pointer;   ///< RFC 6901: "/authors/0/name"; "" is the whole document.
  std::string expected;  ///< "a whole number from 0 to 255".
  std::string found;     ///< "text"; "nothing" for a member that is missing.
};

struct json_report {
  /// A client learns from the first few; then nothing more is read.
  static constexpr std::size_t most_findings = 20;

  boost::json::value root;
  std::optional<std::string> syntax;    ///< Why it is no JSON.
  std::optional<std::size_t> too_many;  ///< It has more values than this.
  std::vector<json_finding> findings;
  bool further = false;  ///< There is more than the findings say, or may be.

  /// Asked before a finding is written down, which costs more than to find it.
  bool full() {
    further = further || findings.size() == most_findings;
    return further;
  }
};

}  // namespace mutual::detail
