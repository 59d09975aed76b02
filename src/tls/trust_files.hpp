#pragma once
// What a trust is made from, read from files.

#include "tls/trust.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <vector>

namespace mutual::tls {

/// Files of certificates and revocation lists, each PEM or DER; a revocation list counts wherever it stands.
struct trust_files {
  std::vector<std::filesystem::path> trusted;
  std::vector<std::filesystem::path> revocations;
  std::vector<std::filesystem::path> known_intermediates;
};

/// Reads them all. An error names the file that cannot be read, or that lacks what it was given for, or that is trusted
/// and holds a certificate together with the CA that issued it: it would be a guess which of both is meant.
result<trust_sources> load_trust_sources(const trust_files& files);

}  // namespace mutual::tls
