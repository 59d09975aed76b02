#pragma once
// Published suites of test data, read where they lie: never copied into the project, never passed when absent.

#include "base/clock.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mutual::test {

/// Where the suites are: $MUTUAL_SUITES, else shared/suites beside the project's folder.
std::string suite_path(const std::string& file);

/// Whether that file is there. Throws if it is not and $MUTUAL_SUITES is set.
bool has_suite(const std::string& file);

/// A gzipped JSON file of the suites; nothing if it is absent.
std::optional<boost::json::value> load_suite(const std::string& file);

/// Why a test is skipped.
std::string suite_absent(const std::string& file);

/// One certificate path case of x509-limbo, turned to client certificates.
struct limbo_case {
  std::string id;
  std::string tier;  ///< "core", "webpki-profile", "name-only", "pedantic".
  bool good = false;
  std::vector<std::string> trusted;        ///< PEM.
  std::vector<std::string> intermediates;  ///< PEM.
  std::string leaf;                        ///< PEM.
  std::string key;                         ///< PEM; empty if it is not known.
  std::vector<std::string> crls;           ///< PEM.
  std::optional<sys_seconds> at;           ///< Needs a clock that can be set.
  std::optional<int> depth;                ///< Needs a limit of intermediates.
  std::string host;                        ///< The name that the leaf is to be for; judged by the "name-only" cases.
};

/// All cases; empty if the suite is absent.
std::vector<limbo_case> load_limbo();

/// The ids in the tables of docs/limbo.md: every case whose outcome here differs from the suite's.
std::set<std::string> explained_differences();

/// The text of docs/limbo.md.
std::string limbo_docs();

}  // namespace mutual::test
