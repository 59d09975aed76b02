#include "tls/trust_crl.hpp"

#include "base/text.hpp"
#include "x509/crl_outline.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>

namespace mutual::tls {
namespace {

error unusable(const x509::lookup_list& list, std::string_view why) {
  return {errc::bad_input, fmt::format("the revocation list of {} {}", text::quoted(list.issuer()), why)};
}

// RFC 5280 section 5.1.1.2. OpenSSL compares them in certificates, not in lists; a compact list has had them compared.
bool names_one_algorithm(const x509::lookup_list& list) {
  if (list.is_compact()) return true;
  const auto der = x509::der_of(list.get(), i2d_X509_CRL);
  const auto parts = x509::outline_of(der);
  return !parts || parts->named_inside == parts->algorithm;
}

result<> check_extensions(const x509::lookup_list& list) {
  for (int at = 0; at < X509_CRL_get_ext_count(list.get()); ++at) {
    X509_EXTENSION* extension = X509_CRL_get_ext(list.get(), at);
    const int kind = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    const bool known = kind == NID_issuing_distribution_point || kind == NID_delta_crl;
    if (X509_EXTENSION_get_critical(extension) == 1 && !known) {
      std::array<char, 80> name{};
      OBJ_obj2txt(name.data(), static_cast<int>(name.size()), X509_EXTENSION_get_object(extension), 0);
      return unusable(list, fmt::format("marks its extension {} critical, which is not understood here (RFC 5280, "
                                        "5.2): have the CA issue it without",
                                        text::quoted(name.data())));
    }
  }
  return {};
}

result<std::vector<x509::certificate>> signers_of(const x509::lookup_list& list,
                                                  const std::vector<x509::certificate>& issuers) {
  std::vector<x509::certificate> signers;
  bool known = false;
  bool signed_by_one = false;
  for (const auto& issuer : issuers) {
    if (X509_NAME_cmp(X509_CRL_get_issuer(list.get()), X509_get_subject_name(issuer.get())) != 0) continue;
    if (!names_key_of(list, issuer.get())) continue;
    known = true;
    if (!list.is_signed_by(issuer)) continue;
    signed_by_one = true;
    // UINT32_MAX (no key usage) has every bit.
    if ((X509_get_key_usage(issuer.get()) & KU_CRL_SIGN) != 0) signers.push_back(issuer);
  }
  // Of a CA whose certificate only the clients send, the signature is checked with theirs.
  if (!known || !signers.empty()) return signers;
  if (!signed_by_one) {
    return unusable(list, "is not signed by the CA of that name that is configured here: get the list from that CA");
  }
  return unusable(list,
                  "is signed by a CA whose key usage lacks cRLSign (RFC 5280, 4.2.1.3): have the CA's certificate "
                  "issued anew with it");
}

// The bytes of that extension; empty if the list has none.
std::string_view extension_of(const x509::lookup_list& list, int kind) {
  const int at = X509_CRL_get_ext_by_NID(list.get(), kind, -1);
  if (at < 0) return {};
  const auto* value = X509_EXTENSION_get_data(X509_CRL_get_ext(list.get(), at));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

bool has_critical_entry(const x509::lookup_list& of) {
  if (of.is_compact()) return false;
  X509_CRL* list = of.get();
  const auto* entries = X509_CRL_get_REVOKED(list);
  for (int at = 0; at < sk_X509_REVOKED_num(entries); ++at) {
    const auto* entry = sk_X509_REVOKED_value(entries, at);
    for (int which = 0; which < X509_REVOKED_get_ext_count(entry); ++which) {
      if (X509_EXTENSION_get_critical(X509_REVOKED_get_ext(entry, which)) == 1) return true;
    }
  }
  return false;
}

}  // namespace

bool names_key_of(const x509::lookup_list& list, X509* issuer) {
  const std::unique_ptr<AUTHORITY_KEYID, x509::freed_by<AUTHORITY_KEYID_free>> id(
      static_cast<AUTHORITY_KEYID*>(X509_CRL_get_ext_d2i(list.get(), NID_authority_key_identifier, nullptr, nullptr)));
  return !id || X509_check_akid(issuer, id.get()) == X509_V_OK;
}

int compare_numbers(const x509::lookup_list& one, const x509::lookup_list& other) {
  const auto left = one.number(), right = other.number();
  if (left.size() != right.size()) return left.size() > right.size() ? 1 : -1;
  return left.compare(right);
}

bool are_of_one_series(const x509::lookup_list& one, const x509::lookup_list& other) {
  if (X509_NAME_cmp(X509_CRL_get_issuer(one.get()), X509_CRL_get_issuer(other.get())) != 0) return false;
  for (const auto* list : {&one, &other}) {
    if (X509_CRL_get_ext_by_NID(list->get(), NID_delta_crl, -1) >= 0) return false;
  }
  return extension_of(one, NID_authority_key_identifier) == extension_of(other, NID_authority_key_identifier) &&
         extension_of(one, NID_issuing_distribution_point) == extension_of(other, NID_issuing_distribution_point);
}

bool is_usual(const x509::lookup_list& list) {
  for (const int extension : {NID_issuing_distribution_point, NID_delta_crl}) {
    if (X509_CRL_get_ext_by_NID(list.get(), extension, -1) >= 0) return false;
  }
  return !has_critical_entry(list);
}

result<std::vector<x509::certificate>> check_crl(const x509::lookup_list& list,
                                                 const std::vector<x509::certificate>& issuers) {
  if (list.this_update() == sys_seconds::max() || list.next_update() == sys_seconds::min()) {
    return unusable(list, "has dates that cannot be read: have the CA issue it anew");
  }
  if (!list.next_update()) {
    return unusable(list,
                    "does not say when the next one comes (nextUpdate; RFC 5280, 5.1.2.5), so nobody could tell when "
                    "it is stale: have the CA issue it with a date (openssl ca -gencrl -crldays 7)");
  }
  if (list.number().empty()) {
    const bool has_another = X509_CRL_get_ext_by_NID(list.get(), NID_crl_number, -1) >= 0;
    return unusable(
        list, fmt::format("has {} (cRLNumber; RFC 5280, 5.2.3): have the CA issue it with one",
                          has_another ? "a number that is below 0, longer than 20 octets or unreadable" : "no number"));
  }
  if (!names_one_algorithm(list)) {
    return unusable(list,
                    "names another algorithm beside its signature than in what is signed (RFC 5280, 5.1.1.2): get it "
                    "from the CA again, or have it issued anew");
  }
  MUTUAL_CHECK(check_extensions(list));
  ERR_set_mark();
  auto signers = signers_of(list, issuers);
  ERR_pop_to_mark();
  return signers;
}

}  // namespace mutual::tls
