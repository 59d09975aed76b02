// Reading what a server_context is made from.

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "tls/file_watch.hpp"
#include "tls/server_context.hpp"
#include "tls/trust_crl.hpp"
#include "tls/trust_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mutual::tls {
namespace {

namespace fs = std::filesystem;

// Revocation that was checked goes on being checked: a list that has gone is a mistake, or worse.
result<std::vector<fs::path>> lists_that_are_there(const config& settings, const server_context* replaced) {
  std::vector<fs::path> found;
  const bool checked = replaced != nullptr && replaced->trust() && replaced->trust()->checks_revocation();
  for (const auto& one : settings.revocations_once_there) {
    MUTUAL_TRY(const bool there, file::exists(one));
    if (there) found.push_back(one);
    if (!there && checked) {
      return error(errc::not_found, fmt::format("the revocation list {} has gone: make another with mutual crl",
                                                text::printable(one.string(), 4096)));
    }
  }
  return found;
}

// Whether whoever was trusted is trusted still. Where somebody has been taken away, their lists may go with them.
bool trusts_no_less(const trust& made, const trust& before) {
  const auto is_there = [&](const trust::entry& old) {
    return std::any_of(made.entries().begin(), made.entries().end(), [&](const trust::entry& one) {
      return X509_cmp(one.certificate.get(), old.certificate.get()) == 0;
    });
  };
  return std::all_of(before.entries().begin(), before.entries().end(), is_there);
}

bool is_delta(const x509::lookup_list& list) { return X509_CRL_get_ext_by_NID(list.get(), NID_delta_crl, -1) >= 0; }

// The highest number of the whole lists there that one of these keys has signed; nothing if there is none. Of a list
// that only looks as if it were the CA's, neither number nor presence says anything.
std::optional<std::string> number_of(const trust& in, const std::vector<x509::certificate>& signers) {
  std::optional<std::string> highest;
  for (const auto& one : in.lists()) {
    const auto is_its_own = [&](const x509::certificate& signer) {
      return X509_NAME_cmp(X509_CRL_get_issuer(one.list.get()), X509_get_subject_name(signer.get())) == 0 &&
             one.list.is_signed_by(signer);
    };
    if (is_delta(one.list) || std::none_of(signers.begin(), signers.end(), is_its_own)) continue;
    auto number = one.list.number();
    if (!highest || number.size() > highest->size() || (number.size() == highest->size() && number > *highest)) {
      highest = std::move(number);
    }
  }
  return highest;
}

// Whether another list stands for that one under its number, and none under a higher: a CA gives a number once (RFC
// 5280 section 5.2.3), and one that counts again has been put back from a backup, and may have forgotten somebody.
bool counts_again(const trust& made, const trust::revocation_list& before,
                  const std::vector<x509::certificate>& signers) {
  bool is_counted_again = false;
  for (const auto& one : made.lists()) {
    if (!are_of_one_series(one.list, before.list)) continue;
    const auto is_its_own = [&](const x509::certificate& signer) { return one.list.is_signed_by(signer); };
    if (std::none_of(signers.begin(), signers.end(), is_its_own)) continue;
    const int order = compare_numbers(one.list, before.list);
    // Beside the one in use it takes nobody back: of two that count alike either can refuse (judge_one).
    if (order > 0 || (one.list.is_same_as(before.list) && made.has_usual_lists_only())) return false;
    is_counted_again = is_counted_again || (order == 0 && !one.list.is_same_as(before.list));
  }
  return is_counted_again;
}

// Whoever a CA has certified ends with it, but for pins, which stand by themselves: its list may go then.
bool has_served(const trust& in, const std::vector<x509::certificate>& signers) {
  const auto is_pin = [](const trust::entry& one) { return one.as == trust::role::pin; };
  const auto has_ended = [at = now()](const x509::certificate& one) { return one.not_after() < at; };
  return std::none_of(in.entries().begin(), in.entries().end(), is_pin) &&
         std::all_of(signers.begin(), signers.end(), has_ended);
}

// A CA counts its lists (RFC 5280 section 5.2.3): one that counts less than the one in use may have forgotten somebody.
result<> check_not_older(const trust& made, const server_context* replaced) {
  if (replaced == nullptr || !replaced->trust()) return {};
  const auto& before = *replaced->trust();
  const bool trusts_all = trusts_no_less(made, before);
  for (const auto& one : before.lists()) {
    const auto signers = one.signers->get();
    // Nobody has been judged by a list whose signer has not been seen.
    if (is_delta(one.list) || !signers || signers->empty()) continue;
    const auto next = number_of(made, *signers);
    if (!next) {
      if (!trusts_all || has_served(made, *signers)) continue;
      return error(errc::not_found, fmt::format("the revocation list of {} has gone: put it back, or make another with "
                                                "mutual crl (to do without it, start again)",
                                                text::quoted(one.list.issuer())));
    }
    const auto current = number_of(before, *signers).value_or("");
    if (counts_again(made, one, *signers)) {
      return error(
          errc::bad_input,
          fmt::format("the revocation list of {} has the number 0x{} as the one in use, and says something else: "
                      "its CA has been put back from a backup, it seems, and may have forgotten revocations (mutual "
                      "recover --restored); put the list in use back, or make a newer one",
                      text::quoted(one.list.issuer()), one.list.number()));
    }
    if (next->size() > current.size() || (next->size() == current.size() && *next >= current)) continue;
    return error(
        errc::bad_input,
        fmt::format("the revocation list of {} has the number 0x{}, which is older than the one in use (0x{}): "
                    "put the newer one back, or make another with mutual crl",
                    text::quoted(one.list.issuer()), *next, current));
  }
  return {};
}

// A CA's clock may be ahead of ours. While none of its lists here has begun, the one in use goes on beside them: else
// each revocation would shut everybody out until it has.
void keep_begun(const server_context* replaced, std::vector<x509::lookup_list>& lists) {
  if (replaced == nullptr || !replaced->trust()) return;
  const auto at = now();
  const auto offered = lists;
  for (const auto& before : replaced->trust()->lists()) {
    if (before.from > at) continue;
    bool is_replaced = false, has_begun = false;
    for (const auto& one : offered) {
      if (!are_of_one_series(one, before.list)) continue;
      has_begun = has_begun || one.this_update() <= at;
      // One that counts less than it is refused below.
      is_replaced = is_replaced || compare_numbers(one, before.list) >= 0;
    }
    if (is_replaced && !has_begun) lists.push_back(before.list);
  }
}

result<std::shared_ptr<const trust>> load_trust(const config& settings, const x509::identity& identity,
                                                std::uint64_t generation, const server_context* replaced,
                                                const std::vector<x509::lookup_list>* offered) {
  MUTUAL_TRY(const auto there, lists_that_are_there(settings, replaced));
  auto lists = settings.revocations;
  lists.insert(lists.end(), there.begin(), there.end());
  MUTUAL_TRY(auto sources, load_trust_sources({settings.trust, lists, settings.known_intermediates}));
  sources.settings.asks_ocsp = !settings.ocsp.ask.empty();
  sources.settings.stale_lists = settings.stale_lists;
  sources.settings.stale_lists_grace = settings.stale_lists_grace;
  if (offered != nullptr) {
    sources.revocations.insert(sources.revocations.end(), offered->begin(), offered->end());
  }
  // Whoever wants revocation to be checked lets nobody in before it can be.
  if (!settings.revocations_from.url.empty() && sources.revocations.empty()) {
    return error(errc::not_found, fmt::format("no revocation list has come from {} yet, and none lies in a file: "
                                              "start with one (--crl FILE)",
                                              text::printable(settings.revocations_from.url)));
  }
  // What the server presents itself is known too: a client of the same CA that forgets it can be told so.
  sources.known_intermediates.insert(sources.known_intermediates.end(), identity.chain.begin() + 1,
                                     identity.chain.end());
  keep_begun(replaced, sources.revocations);
  MUTUAL_TRY(auto made, trust::make(std::move(sources), generation));
  MUTUAL_CHECK(check_not_older(*made, replaced));
  return made;
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
  for (const auto* list :
       {&settings.trust, &settings.revocations, &settings.revocations_once_there, &settings.known_intermediates}) {
    all.insert(all.end(), list->begin(), list->end());
  }
  return all;
}

}  // namespace

result<std::shared_ptr<const server_context>> server_context::load(
    const config& settings, std::uint64_t generation, std::shared_ptr<session_cache> sessions,
    const server_context* replaced, std::vector<std::string> protocols, std::shared_ptr<const library_contexts> under,
    std::shared_ptr<const std::vector<x509::lookup_list>> offered, std::shared_ptr<ocsp_book> answers) {
  // Whoever wants responders to be asked lets nobody in whom nobody asks about.
  if (settings.ocsp.ask.empty() != (answers == nullptr)) {
    return error(errc::internal, "OCSP responders are to be asked, and nobody does so");
  }
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
    MUTUAL_TRY(trust, load_trust(named, identity, generation, replaced, offered.get()));
  }
  std::shared_ptr<server_context> made(new server_context(std::move(named), std::move(stamp), generation,
                                                          std::move(identity), std::move(trust), std::move(sessions),
                                                          std::move(protocols), std::move(under), std::move(answers)));
  MUTUAL_CHECK(made->prepare());
  return std::shared_ptr<const server_context>(std::move(made));
}

std::vector<fs::path> server_context::files() const { return files_of(settings_); }

}  // namespace mutual::tls
