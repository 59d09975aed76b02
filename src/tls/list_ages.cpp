#include "tls/list_ages.hpp"

#include "base/text.hpp"
#include "tls/trust_crl.hpp"
#include "x509/openssl.hpp"

#include <algorithm>
#include <memory>
#include <string>

namespace mutual::tls {
namespace {

using list = trust::revocation_list;

bool is_delta(const list& one) { return X509_CRL_get_ext_by_NID(one.list.get(), NID_delta_crl, -1) >= 0; }

bool is_of(const list& one, const x509::certificate& ca) {
  return X509_NAME_cmp(X509_CRL_get_issuer(one.list.get()), X509_get_subject_name(ca.get())) == 0 &&
         names_key_of(one.list, ca.get());
}

bool counts(const list& one, sys_seconds at) {
  if (is_delta(one) || one.from > at) return false;
  const auto signers = one.signers->get();
  return signers->empty() || std::any_of(signers->begin(), signers->end(),
                                         [at](const x509::certificate& ca) { return ca.not_after() >= at; });
}

std::string key_id_of(const list& one) {
  const std::unique_ptr<AUTHORITY_KEYID, x509::freed_by<AUTHORITY_KEYID_free>> id(static_cast<AUTHORITY_KEYID*>(
      X509_CRL_get_ext_d2i(one.list.get(), NID_authority_key_identifier, nullptr, nullptr)));
  if (!id || id->keyid == nullptr) return {};
  return text::hex({reinterpret_cast<const char*>(ASN1_STRING_get0_data(id->keyid)),
                    static_cast<std::size_t>(ASN1_STRING_length(id->keyid))});
}

revocation_list age_of(const list& one, sys_seconds at) {
  return {.ca = one.list.issuer(),
          .key_id = key_id_of(one),
          .missing = false,
          .number = one.list.number(),
          .made = one.from,
          .due = one.until,
          .age = at - one.from,
          .overdue = std::max(at - one.until, std::chrono::seconds(0))};
}

}  // namespace

std::vector<revocation_list> list_ages(const trust& of, sys_seconds at) {
  std::vector<revocation_list> all;
  if (!of.checks_revocation()) return all;
  const auto is_told = [&all](const revocation_list& one) {
    return std::any_of(all.begin(), all.end(),
                       [&one](const auto& told) { return told.ca == one.ca && told.key_id == one.key_id; });
  };
  for (const auto& one : of.lists()) {
    if (!counts(one, at)) continue;
    auto age = age_of(one, at);
    if (!is_told(age)) all.push_back(std::move(age));
  }
  for (const auto& one : of.entries()) {
    const auto& ca = one.certificate;
    const auto vouches = [&](const list& each) { return counts(each, at) && is_of(each, ca); };
    if (one.as == trust::role::pin || ca.not_after() < at) continue;
    if (std::any_of(of.lists().begin(), of.lists().end(), vouches)) continue;
    revocation_list none{.ca = ca.subject(), .key_id = ca.subject_key_id(), .missing = true};
    if (!is_told(none)) all.push_back(std::move(none));
  }
  return all;
}

}  // namespace mutual::tls
