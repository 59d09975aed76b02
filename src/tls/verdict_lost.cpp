#include "tls/verdict_lost.hpp"

#include "base/text.hpp"
#include "tls/verdict_rules.hpp"
#include "x509/certificate.hpp"
#include "x509/name.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <string>

namespace mutual::tls {
namespace {

// Hints whose signature is verified for one refusal; more of one name and key are not believable.
constexpr int most_verified = 4;

bool leads_to_anchor(const trust& by, X509* one, int steps) {
  const auto anchors = by.anchors_named(X509_get_issuer_name(one));
  const auto issues = [one](const x509::certificate& issuer) { return could_issue(issuer.get(), one); };
  if (std::any_of(anchors.begin(), anchors.end(), issues)) return true;
  const auto& hints = by.known_intermediates();
  return steps > 0 && std::any_of(hints.begin(), hints.end(), [&](const x509::certificate& hint) {
           return issues(hint) && leads_to_anchor(by, hint.get(), steps - 1);
         });
}

const x509::certificate* missing_intermediate(const trust& by, X509* last) {
  int verified = 0;
  for (const auto& hint : by.known_intermediates()) {
    if (!could_issue(hint.get(), last) || !leads_to_anchor(by, hint.get(), 4)) continue;
    if (++verified > most_verified) return nullptr;
    if (has_signed(hint.get(), last)) return &hint;
  }
  return nullptr;
}

const x509::certificate* pinned_issuer(const trust& by, X509* last) {
  int verified = 0;
  for (const auto& [one, as] : by.entries()) {
    if (as != trust::role::pin || one == x509::certificate::shared(last)) continue;
    if (X509_NAME_cmp(X509_get_subject_name(one.get()), X509_get_issuer_name(last)) != 0) continue;
    if (++verified > most_verified) return nullptr;
    if (has_signed(one.get(), last)) return &one;
  }
  return nullptr;
}

std::string trusted_names(const trust& by) {
  constexpr std::size_t most = 3;
  std::string all;
  for (std::size_t at = 0; at < std::min(most, by.entries().size()); ++at) {
    all += (at == 0 ? "" : ", ") + text::quoted(by.entries()[at].certificate.subject());
  }
  if (by.entries().size() > most) all += fmt::format(" and {} more", by.entries().size() - most);
  return all;
}

// A trusted CA has the name but not the key that is asked for.
bool another_of_that_name(const trust& by, const X509* last) {
  return !by.anchors_named(X509_get_issuer_name(last)).empty() ||
         !by.intermediates_named(X509_get_issuer_name(last)).empty();
}

bool is_unreadable_issuer(X509* one, const X509* last) {
  return (X509_get_extension_flags(one) & EXFLAG_INVALID) != 0 &&
         X509_NAME_cmp(X509_get_subject_name(one), X509_get_issuer_name(last)) == 0;
}

finding issued_by_pin(const X509* one, const x509::certificate& pin) {
  return {reason::constraint_violated,
          fmt::format("{} was issued by {}, which is only pinned here, because as a CA it lacks keyUsage keyCertSign "
                      "(RFC 5280, 4.2.1.3): issue that certificate anew with basicConstraints CA:TRUE and keyUsage "
                      "keyCertSign (mutual init does)",
                      subject_of(one), text::quoted(pin.subject()))};
}

}  // namespace

bool has_signed(X509* issuer, X509* one) {
  findings too_costly;
  check_costs({issuer}, too_costly);
  if (!too_costly.empty() || X509_get0_pubkey(issuer) == nullptr) return false;
  ERR_set_mark();
  const bool verified = X509_verify(one, X509_get0_pubkey(issuer)) == 1;
  ERR_pop_to_mark();
  return verified;
}

finding explain_no_path(const trust& by, const path& stump, const STACK_OF(X509) * sent) {
  for (std::size_t at = 1; at < stump.size(); ++at) {
    // The pin was sent as well.
    if (by.is_pinned(stump[at]) && has_signed(stump[at], stump[at - 1])) {
      return issued_by_pin(stump[at - 1], x509::certificate::shared(stump[at]));
    }
  }
  X509* last = stump.back();
  const auto subject = subject_of(last);
  const auto issuer = text::quoted(x509::name_text(X509_get_issuer_name(last)));
  if ((X509_get_extension_flags(last) & EXFLAG_SS) != 0) {
    if (stump.size() == 1) {
      return {reason::self_signed, fmt::format("{} is signed by itself and not pinned here; trusted are {}: present a "
                                               "certificate from one of these, or have this one added to the trust",
                                               subject, trusted_names(by))};
    }
    return {reason::unknown_issuer, fmt::format("the chain of {} ends at {}, which is not trusted here; trusted are {}",
                                                subject_of(stump.front()), subject, trusted_names(by))};
  }
  for (int at = 0; at < sk_X509_num(sent); ++at) {
    if (!is_unreadable_issuer(sk_X509_value(sent, at), last)) continue;
    return {reason::malformed, fmt::format("the CA certificate {} that was sent has extensions that cannot be read or "
                                           "stand there twice: have it issued anew",
                                           issuer)};
  }
  if (const auto* hint = missing_intermediate(by, last)) {
    return {reason::intermediate_missing,
            fmt::format("{} was issued by {}, which leads to a trusted CA, but its certificate (serial {}) was not "
                        "sent: put it after the client's own in the certificate file",
                        subject, issuer, hint->serial())};
  }
  if (const auto* pin = pinned_issuer(by, last)) return issued_by_pin(last, *pin);
  if (another_of_that_name(by, last)) {
    return {reason::unknown_issuer,
            fmt::format("{} was issued by a CA called {}; one of that name is trusted here, but it has another key",
                        subject, issuer)};
  }
  return {reason::unknown_issuer, fmt::format("{} was issued by {}, which is not trusted here; trusted are {}", subject,
                                              issuer, trusted_names(by))};
}

}  // namespace mutual::tls
