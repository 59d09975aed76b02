#include "tls/trust_files.hpp"

#include "base/text.hpp"
#include "x509/list_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace mutual::tls {
namespace {

// Files are told apart by what is in them: a revocation list counts wherever it stands.
result<> append(const std::vector<std::filesystem::path>& files, std::string_view what,
                std::vector<x509::certificate>* certificates, std::vector<x509::lookup_list>& lists) {
  for (const auto& file : files) {
    auto read = x509::load_bundle_to_judge_by(file);
    if (!read) return read.error().in(fmt::format("the {} cannot be used", what));
    if (certificates != nullptr && read->certificates.empty()) {
      return error(errc::bad_input, fmt::format("{} holds no certificate; it was given as the {}",
                                                text::printable(file.string(), 4096), what));
    }
    if (certificates == nullptr && read->lookup_lists.empty()) {
      return error(errc::bad_input, fmt::format("{} holds no revocation list (CRL); it was given as the {}",
                                                text::printable(file.string(), 4096), what));
    }
    if (certificates != nullptr)
      std::move(read->certificates.begin(), read->certificates.end(), std::back_inserter(*certificates));
    std::move(read->lookup_lists.begin(), read->lookup_lists.end(), std::back_inserter(lists));
  }
  return {};
}

}  // namespace

// What a server presents is its certificate and then the CAs above it. Who trusts such a file may mean that one
// certificate, and would let in all that the CA has issued: which of both is meant is not ours to guess.
result<> refuse_chain(const std::vector<x509::certificate>& held, const std::filesystem::path& file) {
  const auto leaf = std::find_if(held.begin(), held.end(),
                                 [](const x509::certificate& one) { return !one.is_ca() && !one.is_self_issued(); });
  const auto issuer = std::find_if(held.begin(), held.end(), can_issue);
  if (leaf == held.end() || issuer == held.end()) return {};
  return error(errc::bad_input,
               fmt::format("{0} cannot be trusted: it holds the certificate of {1} beside the CA {2}, and may mean {1} "
                           "alone or everybody whom {2} has certified; give one of the two alone (the first of a PEM "
                           "file: openssl x509 -in FILE -out ALONE)",
                           text::printable(file.string(), 4096), text::quoted(leaf->display_name()),
                           text::quoted(issuer->display_name())));
}

result<trust_sources> load_trust_sources(const trust_files& files) {
  trust_sources sources;
  for (const auto& file : files.trusted) {
    std::vector<x509::certificate> held;
    MUTUAL_CHECK(append({file}, "trust", &held, sources.revocations));
    MUTUAL_CHECK(refuse_chain(held, file));
    std::move(held.begin(), held.end(), std::back_inserter(sources.trusted));
  }
  MUTUAL_CHECK(append(files.revocations, "revocation list", nullptr, sources.revocations));
  MUTUAL_CHECK(
      append(files.known_intermediates, "known intermediate", &sources.known_intermediates, sources.revocations));
  return sources;
}

}  // namespace mutual::tls
