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
  /// A client learns from the first few; the rest is counted.
  static constexpr std::size_t most_findings = 20;

  boost::json::value root;
  std::optional<std::string> syntax;  ///< Why it is no JSON.
  std::vector<json_finding> findings;
  std::size_t further = 0;

  void add(json_finding one) {
    if (findings.size() == most_findings) {
      ++further;
    } else {
      findings.push_back(std::move(one));
    }
  }
};

}  // namespace mutual::detail
