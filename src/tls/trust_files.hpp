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

/// An error (bad_input) if a file that is to be trusted holds a certificate that is no CA's beside a CA.
result<> refuse_chain(const std::vector<x509::certificate>& held, const std::filesystem::path& file);

/// Reads them all. An error names the file that cannot be read, or that lacks what it was given for, or that is trusted
/// and holds a certificate together with the CA that issued it: it would be a guess which of both is meant.
result<trust_sources> load_trust_sources(const trust_files& files);

}  // namespace mutual::tls
