#pragma once
// The alternative names that a command line gives.

#include "x509/alternative_names.hpp"

#include <mutual/result.hpp>

#include <string>
#include <vector>

namespace mutual::cli {

/// Names (DNS names, addresses, URIs and e-mail addresses told apart by content), URIs and e-mail addresses together.
/// An error (bad_usage) names the one that is none.
result<alternative_names> names_of(const std::vector<std::string>& names, const std::vector<std::string>& uris,
                                   const std::vector<std::string>& emails);

}  // namespace mutual::cli
