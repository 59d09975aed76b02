#pragma once
// How the PKI at hand makes a certificate of its own anew.

#include "x509/lint.hpp"

#include <filesystem>
#include <functional>
#include <string>

namespace mutual::cli {

/// For lint_options::renewal: knows the certificates of the PKI of `--pki`, by its inventory. Gives nothing if there is
/// no such PKI, or if it cannot be asked.
std::function<std::string(const x509::certificate&, x509::remedy)> own_renewal(const std::filesystem::path& pki);

}  // namespace mutual::cli
