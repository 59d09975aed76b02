#pragma once
// What the PKI at hand knows of certificates' revocation, for mutual lint.

#include "x509/lint.hpp"

#include <filesystem>
#include <vector>

namespace mutual::cli {

/// What is revoked or on hold of those, or issued by a CA that is, by the inventory of the PKI of `--pki` or by its
/// revocation lists. Nothing if there is no such PKI. The first is the one that is looked over, the others its chain.
std::vector<x509::lint_finding> lint_revoked(const std::vector<x509::certificate>& all,
                                             const std::filesystem::path& pki);

}  // namespace mutual::cli
