#include "client/load.hpp"

#include "base/text.hpp"
#include "tls/trust_files.hpp"
#include "x509/identity.hpp"
#include "x509/list_files.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace mutual::client {
namespace {

namespace fs = std::filesystem;

// A client has one trust in its life, so any number does.
constexpr std::uint64_t only_generation = 1;

std::string list(const std::vector<fs::path>& files) {
  std::string all;
  for (const auto& one : files) all += (all.empty() ? "" : ", ") + text::printable(one.string(), 4096);
  return all;
}

result<std::shared_ptr<const tls::trust>> load_trust(const files& named) {
  tls::trust_sources sources;
  for (const auto& file : named.trust) {
    MUTUAL_TRY(auto read, x509::load_bundle_to_judge_by(file));
    if (read.certificates.empty()) {
      return error(errc::bad_input, fmt::format("{} holds no certificate", text::printable(file.string(), 4096)));
    }
    MUTUAL_CHECK(tls::refuse_chain(read.certificates, file));
    std::move(read.certificates.begin(), read.certificates.end(), std::back_inserter(sources.trusted));
    // A revocation list counts wherever it stands.
    std::move(read.lookup_lists.begin(), read.lookup_lists.end(), std::back_inserter(sources.revocations));
  }
  for (const auto& file : named.revocations) {
    MUTUAL_TRY(auto read, x509::load_lookup_lists(file));
    std::move(read.begin(), read.end(), std::back_inserter(sources.revocations));
  }
  return tls::trust::make(std::move(sources), only_generation);
}

}  // namespace

result<options> load(const files& named) {
  tls::client_settings settings;
  settings.accept_any_server = named.accept_any_server;
  settings.at_least = named.at_least;
  settings.at_most = named.at_most;
  if (!named.certificate.empty()) {
    MUTUAL_TRY(settings.own, x509::load_identity(named.certificate, named.key, named.password));
  }
  if (!named.trust.empty()) {
    auto trusted = load_trust(named);
    if (!trusted) return trusted.error().in("the trust cannot be used");
    settings.servers = *std::move(trusted);
  }
  options out;
  out.judged_by = list(named.trust);
  MUTUAL_TRY(out.tls, tls::client_context::make(std::move(settings)));
  return out;
}

}  // namespace mutual::client
