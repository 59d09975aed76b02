#include "tls/verdict_revocation.hpp"

#include "base/text.hpp"
#include "tls/trust_crl.hpp"
#include "tls/verdict_rules.hpp"
#include "x509/name.hpp"
#include "x509/peer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

namespace mutual::tls {
namespace {

using list = trust::revocation_list;

std::string issuer_of(const X509* one) { return text::quoted(x509::name_text(X509_get_issuer_name(one))); }

bool is_of_issuer(const list& one, const X509* certificate) {
  return X509_NAME_cmp(X509_CRL_get_issuer(one.list.get()), X509_get_issuer_name(certificate)) == 0;
}

bool revokes(const list& one, const X509* certificate) { return one.list.revokes(X509_get0_serialNumber(certificate)); }

bool may_sign_lists(X509* issuer) { return (X509_get_key_usage(issuer) & KU_CRL_SIGN) != 0; }

bool is_signed_by(const list& one, X509* issuer) {
  // Verifying costs a signature, and of some lists a digest of the whole: not for each handshake.
  constexpr std::size_t most_remembered = 8;
  const auto known = one.signers->get();
  const auto is_issuer = [issuer](const x509::certificate& signer) { return X509_cmp(signer.get(), issuer) == 0; };
  if (std::any_of(known->begin(), known->end(), is_issuer)) return true;
  if (!one.list.is_signed_by(X509_get0_pubkey(issuer))) return false;
  if (known->size() < most_remembered) {
    auto more = std::make_shared<std::vector<x509::certificate>>(*known);
    more->push_back(x509::certificate::shared(issuer));
    // Of two threads that do this at once, one is forgotten, and verifies again next time.
    one.signers->set(std::move(more));
  }
  return true;
}

finding revoked(X509* one) {
  return {reason::revoked, fmt::format("{} (serial {}) is on the revocation list of {}: get a new certificate with a "
                                       "new key",
                                       subject_of(one), x509::serial_text(one), issuer_of(one))};
}

finding unknown(X509* one, std::string_view why) {
  return {reason::revocation_unknown, fmt::format("whether {} is revoked is not known: {} {}: configure that CA's "
                                                  "current revocation list",
                                                  subject_of(one), issuer_of(one), why)};
}

finding stale(X509* one, sys_seconds end) {
  return {reason::revocation_stale,
          fmt::format("whether {} is revoked is not known: the revocation list of {} here ended on {}: fetch that CA's "
                      "current one",
                      subject_of(one), issuer_of(one), to_text(end))};
}

bool counts_though_ended(const trust& by, const list& one, sys_seconds at) {
  const auto& how = by.settings();
  if (how.stale_lists == unanswered::grace) return at < one.until + how.stale_lists_grace;
  return how.stale_lists == unanswered::off;
}

// A list that begins in so short a time was made now, by a clock that is ahead of ours (certificates are dated back for
// the same reason, by as much). One that begins later still was made for then.
constexpr std::chrono::minutes clocks_differ{5};

// By the newest list that has begun and that the issuer has signed: later ones stand for earlier ones. One that only
// seems not to have begun proves nobody good yet, but whoever it revokes is revoked.
std::optional<finding> judge_one(const trust& by, X509* one, X509* issuer, sys_seconds at) {
  const char* why = "has no revocation list here";
  const list* vouches = nullptr;
  for (const auto& each : by.lists()) {
    if (!is_of_issuer(each, one) || !names_key_of(each.list, issuer)) continue;
    // A CA gives a number once; where two lists have it, one of them has forgotten something, and nobody knows which.
    if (vouches != nullptr && compare_numbers(each.list, vouches->list) != 0) break;
    if (each.from > at) {
      why = "has only a revocation list that begins later";
      if (each.from - at <= clocks_differ && revokes(each, one) && may_sign_lists(issuer) && is_signed_by(each, issuer))
        return revoked(one);
      continue;
    }
    if (!may_sign_lists(issuer)) return unknown(one, "may not sign revocation lists (its key usage lacks cRLSign)");
    if (!is_signed_by(each, issuer)) {
      why = "has not signed the list of its name that is here (the signature does not verify)";
      continue;
    }
    // A list that has ended is no proof that somebody is good, but still one that somebody is not.
    if (revokes(each, one)) return revoked(one);
    if (vouches != nullptr) continue;
    if (each.until <= at && !counts_though_ended(by, each, at)) return stale(one, each.until);
    vouches = &each;
  }
  if (vouches != nullptr) return std::nullopt;
  return unknown(one, why);
}

}  // namespace

void check_revocation(const trust& by, const path& chain, sys_seconds at, findings& wrong) {
  if (!by.checks_revocation()) return;
  // An anchor that is shown as a leaf: nobody above it could have revoked it, but it may stand on a list all the same.
  if (chain.size() == 1) return check_pin_revocation(by, chain.front(), at, wrong);
  for (std::size_t below = 0; below + 1 < chain.size(); ++below) {
    // A responder is asked about whoever no list speaks of (ocsp_book).
    if (by.settings().asks_ocsp && !has_list_for(by, chain[below], chain[below + 1])) continue;
    if (auto found = judge_one(by, chain[below], chain[below + 1], at)) wrong.push_back(std::move(*found));
  }
}

bool has_list_for(const trust& by, X509* one, X509* issuer) {
  if (!by.has_usual_lists_only()) return by.checks_revocation();
  return std::any_of(by.lists().begin(), by.lists().end(),
                     [&](const list& each) { return is_of_issuer(each, one) && names_key_of(each.list, issuer); });
}

void check_pin_revocation(const trust& by, X509* pin, sys_seconds at, findings& wrong) {
  const list* newest = nullptr;
  for (const auto& each : by.lists()) {
    if (!is_of_issuer(each, pin)) continue;
    // Whoever signed it: the operator put it there.
    if (revokes(each, pin)) wrong.push_back(revoked(pin));
    // Of several keys of that name, each counts its own lists.
    if (each.from <= at && (newest == nullptr || each.from > newest->from)) newest = &each;
  }
  if (newest != nullptr && newest->until <= at && !counts_though_ended(by, *newest, at))
    wrong.push_back(stale(pin, newest->until));
}

bool is_listed(const trust& by, const X509* one, sys_seconds at) {
  const auto counts = [&](const list& each) { return each.from <= at && is_of_issuer(each, one); };
  return std::any_of(by.lists().begin(), by.lists().end(), [&](const list& each) {
    if (!counts(each) || !revokes(each, one)) return false;
    // A hold that was released stands on the older list.
    return std::none_of(by.lists().begin(), by.lists().end(), [&](const list& later) {
      return counts(later) && are_of_one_series(later.list, each.list) && compare_numbers(later.list, each.list) > 0;
    });
  });
}

}  // namespace mutual::tls
