#include "tls/trust_files.hpp"

#include "base/text.hpp"
#include "x509/bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace mutual::tls {
namespace {

// Files are told apart by what is in them: a revocation list counts wherever it stands.
result<> append(const std::vector<std::filesystem::path>& files, std::string_view what,
                std::vector<x509::certificate>* certificates, std::vector<x509::crl>& crls) {
  for (const auto& file : files) {
    auto read = x509::load_bundle(file, {});
    if (!read) return read.error().in(fmt::format("the {} cannot be used", what));
    if (certificates != nullptr && read->certificates.empty()) {
      return error(errc::bad_input, fmt::format("{} holds no certificate; it was given as the {}",
                                                text::printable(file.string(), 4096), what));
    }
    if (certificates == nullptr && read->crls.empty()) {
      return error(errc::bad_input, fmt::format("{} holds no revocation list (CRL); it was given as the {}",
                                                text::printable(file.string(), 4096), what));
    }
    if (certificates != nullptr)
      std::move(read->certificates.begin(), read->certificates.end(), std::back_inserter(*certificates));
    std::move(read->crls.begin(), read->crls.end(), std::back_inserter(crls));
  }
  return {};
}

}  // namespace

result<trust_sources> load_trust_sources(const trust_files& files) {
  trust_sources sources;
  MUTUAL_CHECK(append(files.trusted, "trust", &sources.trusted, sources.revocations));
  MUTUAL_CHECK(append(files.revocations, "revocation list", nullptr, sources.revocations));
  MUTUAL_CHECK(
      append(files.known_intermediates, "known intermediate", &sources.known_intermediates, sources.revocations));
  return sources;
}

}  // namespace mutual::tls
