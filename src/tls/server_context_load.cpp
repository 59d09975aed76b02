// Reading what a server_context is made from.

#include "base/clock.hpp"
#include "base/text.hpp"
#include "tls/file_watch.hpp"
#include "tls/server_context.hpp"
#include "tls/trust_files.hpp"

#include <fmt/format.h>

#include <utility>

namespace mutual::tls {
namespace {

namespace fs = std::filesystem;

result<std::shared_ptr<const trust>> load_trust(const config& settings, const x509::identity& identity,
                                                std::uint64_t generation) {
  MUTUAL_TRY(auto sources, load_trust_sources({settings.trust, settings.revocations, settings.known_intermediates}));
  // What the server presents itself is known too: a client of the same CA that forgets it can be told so.
  sources.known_intermediates.insert(sources.known_intermediates.end(), identity.chain.begin() + 1,
                                     identity.chain.end());
  return trust::make(std::move(sources), generation);
}

// A server that presents what no client should accept would fail each of them; better not to start.
// But if its time ends while it serves, it goes on: what else has changed, a revocation above all, counts more.
result<> fit_to_present(const x509::certificate& own, const fs::path& file, const server_context* replaced) {
  const auto shown = text::printable(file.string(), 4096);
  if (!own.allows_server()) {
    return error(errc::bad_input,
                 fmt::format("the certificate in {} is not meant for servers (its extended key usage lacks "
                             "serverAuth); make one with: mutual issue server NAME",
                             shown));
  }
  if (replaced != nullptr && replaced->certificate().sha256() == own.sha256()) return {};
  if (own.not_after() < now()) {
    return error(errc::bad_input, fmt::format("the certificate in {} has expired on {}; issue a new one", shown,
                                              to_text(own.not_after())));
  }
  if (own.not_before() > now()) {
    return error(errc::bad_input,
                 fmt::format("the certificate in {} is not valid before {}; check this machine's clock", shown,
                             to_text(own.not_before())));
  }
  return {};
}

std::vector<fs::path> files_of(const config& settings) {
  std::vector<fs::path> all{settings.certificate};
  if (!settings.key.empty()) all.push_back(settings.key);
  for (const auto* list : {&settings.trust, &settings.revocations, &settings.known_intermediates}) {
    all.insert(all.end(), list->begin(), list->end());
  }
  return all;
}

}  // namespace

result<std::shared_ptr<const server_context>> server_context::load(const config& settings, std::uint64_t generation,
                                                                   std::shared_ptr<session_cache> sessions,
                                                                   const server_context* replaced,
                                                                   std::vector<std::string> protocols,
                                                                   std::shared_ptr<const library_contexts> under) {
  MUTUAL_TRY(auto named, with_files_named(settings));
  if (named.clients != client_auth::none && named.trust.empty()) {
    return error(
        errc::bad_usage,
        "client certificates are asked for, but nobody is trusted to have issued them: name the CA's certificate, or a "
        "single client's to pin (--trust FILE), or ask for none (--client-auth none)");
  }
  if (named.at_least == version::v1_3 && named.at_most == version::v1_2) {
    return error(errc::bad_usage, "no version of TLS is left: the least version is above the highest");
  }
  auto stamp = stamp_of(files_of(named));
  MUTUAL_TRY(auto identity, x509::load_identity(named.certificate, named.key, named.password));
  MUTUAL_CHECK(fit_to_present(identity.chain.front(), named.certificate, replaced));
  std::shared_ptr<const tls::trust> trust;
  if (named.clients != client_auth::none) {
    MUTUAL_TRY(trust, load_trust(named, identity, generation));
  }
  std::shared_ptr<server_context> made(new server_context(std::move(named), std::move(stamp), generation,
                                                          std::move(identity), std::move(trust), std::move(sessions),
                                                          std::move(protocols), std::move(under)));
  MUTUAL_CHECK(made->prepare());
  return std::shared_ptr<const server_context>(std::move(made));
}

std::vector<fs::path> server_context::files() const { return files_of(settings_); }

}  // namespace mutual::tls
