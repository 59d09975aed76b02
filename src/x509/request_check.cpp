#include "x509/request_check.hpp"

#include "base/text.hpp"
#include "x509/alternative_names.hpp"
#include "x509/key_strength.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

namespace mutual::x509 {
namespace {

constexpr int most_names = 100;

struct free_extensions {
  void operator()(STACK_OF(X509_EXTENSION) * list) const { sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free); }
};
using extensions_ptr = std::unique_ptr<STACK_OF(X509_EXTENSION), free_extensions>;
using basic_constraints_ptr = std::unique_ptr<BASIC_CONSTRAINTS, freed_by<BASIC_CONSTRAINTS_free>>;
using bit_string_ptr = std::unique_ptr<ASN1_BIT_STRING, freed_by<ASN1_BIT_STRING_free>>;

error refused(std::string_view why) { return {errc::bad_input, fmt::format("the request is refused: {}", why)}; }

result<> check_key(EVP_PKEY* key) {
  if (key == nullptr) return refused("its public key cannot be read");
  const auto kind = describe_key(key);
  if (const auto weakness = weakness_of(key)) {
    return refused(fmt::format("its key is {}, which {}: make another", kind, *weakness));
  }
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    if (EVP_PKEY_get_bits(key) <= 8192) return {};
    return refused(fmt::format("its key is {}, and RSA keys of 2048 to 8192 bits are taken: make another", kind));
  }
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return {};
  std::array<char, 64> curve{};
  if (EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr) == 1) {
    const std::string_view name = curve.data();
    if (name == "prime256v1" || name == "secp384r1" || name == "secp521r1") return {};
  }
  return refused(fmt::format("its key is {}, which is not taken: make one of P-256, P-384, Ed25519 or RSA 2048", kind));
}

// One extension, decoded; `said` tells whether there is any, good or not.
template <class Owner>
Owner decoded(const STACK_OF(X509_EXTENSION) * from, int kind, bool& said) {
  said = X509v3_get_ext_by_NID(from, kind, -1) >= 0;
  // Null for one that stands there twice, too.
  return Owner(static_cast<typename Owner::pointer>(X509V3_get_d2i(from, kind, nullptr, nullptr)));
}

result<> check_wishes(const STACK_OF(X509_EXTENSION) * from) {
  bool said = false;
  const auto constraints = decoded<basic_constraints_ptr>(from, NID_basic_constraints, said);
  if (said && !constraints) return refused("its basicConstraints cannot be read");
  if (constraints && constraints->ca != 0) return refused("it asks to be a CA");
  const auto usage = decoded<bit_string_ptr>(from, NID_key_usage, said);
  if (said && !usage) return refused("its keyUsage cannot be read");
  // Bits 5 and 6: keyCertSign and cRLSign (RFC 5280 section 4.2.1.3).
  if (usage && (ASN1_BIT_STRING_get_bit(usage.get(), 5) == 1 || ASN1_BIT_STRING_get_bit(usage.get(), 6) == 1)) {
    return refused("it asks to sign certificates or revocation lists");
  }
  return {};
}

// As if somebody had typed them, each once.
result<> add_checked(std::vector<std::string>& to, const std::vector<std::string>& asked,
                     result<std::string> (*checked_name)(std::string_view)) {
  for (const auto& one : asked) {
    MUTUAL_TRY(auto name, checked_name(one));
    if (std::find(to.begin(), to.end(), name) == to.end()) to.push_back(std::move(name));
  }
  return {};
}

result<alternative_names> checked(const alternative_names& asked) {
  alternative_names out;
  MUTUAL_CHECK(add_checked(out.dns, asked.dns, checked_dns_name));
  MUTUAL_CHECK(add_checked(out.ips, asked.ips, checked_ip));
  MUTUAL_CHECK(add_checked(out.uris, asked.uris, checked_uri));
  MUTUAL_CHECK(add_checked(out.emails, asked.emails, checked_email));
  return out;
}

result<alternative_names> check_names(const STACK_OF(X509_EXTENSION) * from) {
  bool said = false;
  const auto names = decoded<general_names_ptr>(from, NID_subject_alt_name, said);
  if (!said) return alternative_names{};
  if (!names) return refused("its subjectAltName cannot be read");
  const int count = sk_GENERAL_NAME_num(names.get());
  if (count > most_names) return refused(fmt::format("it asks for {} names, and {} are the most", count, most_names));
  const auto read = read_names(names.get());
  if (read.dns.size() + read.ips.size() + read.uris.size() + read.emails.size() != static_cast<std::size_t>(count)) {
    return refused("it asks for names of a kind other than DNS, IP address, URI and e-mail, or for damaged ones");
  }
  auto good = checked(read);
  if (!good) return refused(good.error().message());
  return good;
}

// PKCS #9 has one list of extensions in a request (RFC 2985 section 5.4.2), Microsoft another one in its own attribute.
// Of several, readers take different ones: what one of them shows somebody is not what another grants.
result<bool> asks_for_extensions(const X509_REQ* one) {
  int lists = 0;
  for (const int kind : {NID_ext_req, NID_ms_ext_req}) {
    for (int at = -1; (at = X509_REQ_get_attr_by_NID(one, kind, at)) >= 0;) {
      lists += std::max(1, X509_ATTRIBUTE_count(X509_REQ_get_attr(one, at)));
    }
  }
  if (lists <= 1) return lists == 1;
  return refused(
      fmt::format("it has {} lists of extensions that it asks for, and readers would take different ones: make "
                  "it anew with one (extensionRequest)",
                  lists));
}

result<> check_proof(const request& one) {
  MUTUAL_CHECK(check_key(one.key()));
  if (one.proves_possession()) return {};
  return refused("its signature is not by the key that it names, so its sender may not hold that key");
}

result<alternative_names> check_asked(const request& one) {
  MUTUAL_TRY(const bool asks, asks_for_extensions(one.get()));
  const extensions_ptr extensions(X509_REQ_get_extensions(one.get()));
  if (!extensions) {
    if (asks) return refused("the extensions that it asks for cannot be read");
    return alternative_names{};
  }
  MUTUAL_CHECK(check_wishes(extensions.get()));
  return check_names(extensions.get());
}

}  // namespace

result<alternative_names> checked_request(const request& one) {
  ERR_set_mark();
  const auto proved = check_proof(one);
  auto outcome = proved ? check_asked(one) : result<alternative_names>(proved.error());
  ERR_pop_to_mark();
  return outcome;
}

result<alternative_names> checked_wishes(const request& one) {
  ERR_set_mark();
  auto outcome = check_asked(one);
  ERR_pop_to_mark();
  return outcome;
}

bool asks_for_encrypted_key(const request& one) {
  using object_ptr = std::unique_ptr<ASN1_OBJECT, freed_by<ASN1_OBJECT_free>>;
  constexpr std::array<const char*, 2> asked{"1.2.840.113549.1.9.16.2.37", "1.2.840.113549.1.9.16.2.54"};
  return std::any_of(asked.begin(), asked.end(), [&](const char* oid) {
    const object_ptr attribute(OBJ_txt2obj(oid, 1));
    return attribute && X509_REQ_get_attr_by_OBJ(one.get(), attribute.get(), -1) >= 0;
  });
}

}  // namespace mutual::x509
