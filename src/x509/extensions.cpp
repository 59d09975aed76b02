#include "x509/extensions.hpp"

#include "base/text.hpp"
#include "x509/alternative_names.hpp"

#include <fmt/format.h>

#include <array>

namespace mutual::x509 {
namespace {

using basic_constraints_ptr = std::unique_ptr<BASIC_CONSTRAINTS, freed_by<BASIC_CONSTRAINTS_free>>;
using bit_string_ptr = std::unique_ptr<ASN1_BIT_STRING, freed_by<ASN1_BIT_STRING_free>>;
using octet_string_ptr = std::unique_ptr<ASN1_OCTET_STRING, freed_by<ASN1_OCTET_STRING_free>>;
using authority_key_id_ptr = std::unique_ptr<AUTHORITY_KEYID, freed_by<AUTHORITY_KEYID_free>>;
using key_usages_ptr = std::unique_ptr<EXTENDED_KEY_USAGE, freed_by<EXTENDED_KEY_USAGE_free>>;
using object_ptr = std::unique_ptr<ASN1_OBJECT, freed_by<ASN1_OBJECT_free>>;

error failed(std::string_view what) {
  return {errc::internal, fmt::format("cannot build the extension {}: {}", what, openssl_errors())};
}

bool add(X509* to, int nid, void* value, bool critical) {
  return value != nullptr && X509_add1_ext_i2d(to, nid, value, critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1;
}

bool add_basic_constraints(X509* to, const certificate_spec& spec) {
  const basic_constraints_ptr constraints(BASIC_CONSTRAINTS_new());
  constraints->ca = *spec.ca ? 0xFF : 0;
  if (spec.path_length) {
    constraints->pathlen = ASN1_INTEGER_new();
    if (ASN1_INTEGER_set(constraints->pathlen, *spec.path_length) != 1) return false;
  }
  return add(to, NID_basic_constraints, constraints.get(), true);
}

bool add_extended_key_usage(X509* to, const std::vector<int>& nids) {
  const key_usages_ptr usages(EXTENDED_KEY_USAGE_new());
  for (const int nid : nids) {
    if (sk_ASN1_OBJECT_push(usages.get(), OBJ_nid2obj(nid)) <= 0) return false;
  }
  return add(to, NID_ext_key_usage, usages.get(), false);
}

bool add_raw(X509* to, const raw_extension& extension) {
  const object_ptr oid(OBJ_txt2obj(extension.oid.c_str(), 0));
  const octet_string_ptr value(ASN1_OCTET_STRING_new());
  if (!oid || ASN1_OCTET_STRING_set(value.get(), reinterpret_cast<const unsigned char*>(extension.der.data()),
                                    static_cast<int>(extension.der.size())) != 1) {
    return false;
  }
  const x509_extension_ptr made(
      X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), extension.critical ? 1 : 0, value.get()));
  return made && X509_add_ext(to, made.get(), -1) == 1;
}

}  // namespace

// RFC 7093 section 2, method 1: the first 160 bits of the SHA-256 of the key's bits. (RFC 5280's own SHA-1 method is
// one of two examples there; systems without SHA-1 cannot do it.)
bool add_subject_key_identifier(X509* to) {
  const ASN1_BIT_STRING* bits = X509_get0_pubkey_bitstr(to);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  const octet_string_ptr id(ASN1_OCTET_STRING_new());
  return bits != nullptr &&
         EVP_Digest(ASN1_STRING_get0_data(bits), static_cast<std::size_t>(ASN1_STRING_length(bits)), digest.data(),
                    nullptr, EVP_sha256(), nullptr) == 1 &&
         ASN1_OCTET_STRING_set(id.get(), digest.data(), 20) == 1 &&
         add(to, NID_subject_key_identifier, id.get(), false);
}

bool add_key_usage(X509* to, std::uint32_t usage) {
  // Bit 0 of the BIT STRING is the highest bit of its first octet: KU_DIGITAL_SIGNATURE is 0x80, decipherOnly 0x8000.
  const bit_string_ptr bits(ASN1_BIT_STRING_new());
  for (int bit = 0; bit < 9; ++bit) {
    const std::uint32_t mask = bit < 8 ? 0x80U >> static_cast<unsigned>(bit) : 0x8000U;
    if ((usage & mask) != 0 && ASN1_BIT_STRING_set_bit(bits.get(), bit, 1) != 1) return false;
  }
  return add(to, NID_key_usage, bits.get(), true);
}

x509_extension_ptr authority_key_identifier(X509* issuer) {
  const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(issuer);
  if (id == nullptr) return nullptr;
  const authority_key_id_ptr authority(AUTHORITY_KEYID_new());
  authority->keyid = ASN1_OCTET_STRING_dup(id);
  return x509_extension_ptr(X509V3_EXT_i2d(NID_authority_key_identifier, 0, authority.get()));
}

result<> add_extensions(X509* to, const certificate_spec& spec, X509* issuer) {
  if (spec.ca && !add_basic_constraints(to, spec)) return failed("basicConstraints");
  if (spec.key_usage != 0 && !add_key_usage(to, spec.key_usage)) return failed("keyUsage");
  if (!spec.extended_key_usage.empty() && !add_extended_key_usage(to, spec.extended_key_usage)) {
    return failed("extendedKeyUsage");
  }
  if (!spec.names.empty()) {
    MUTUAL_TRY(const auto names, to_general_names(spec.names));
    // RFC 5280 section 4.2.1.6: critical when there is no subject beside it.
    if (!add(to, NID_subject_alt_name, names.get(), spec.subject.empty())) return failed("subjectAltName");
  }
  if (!add_subject_key_identifier(to)) return failed("subjectKeyIdentifier");
  if (const auto authority = authority_key_identifier(issuer)) {
    if (X509_add_ext(to, authority.get(), -1) != 1) return failed("authorityKeyIdentifier");
  }
  if (!add_places(to, spec.places)) return failed("authorityInfoAccess or cRLDistributionPoints");
  for (const auto& extension : spec.others) {
    if (!add_raw(to, extension)) return failed(extension.oid);
  }
  return {};
}

asn1_integer_ptr integer_from_hex(const std::string& digits) {
  if (digits.empty() || digits.size() > 40 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
    return nullptr;
  }
  BIGNUM* number = nullptr;
  BN_hex2bn(&number, digits.c_str());
  const bignum_ptr owner(number);
  return asn1_integer_ptr(number != nullptr ? BN_to_ASN1_INTEGER(number, nullptr) : nullptr);
}

const EVP_MD* digest_for(const EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  if (type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448) return nullptr;
  return type == EVP_PKEY_EC && EVP_PKEY_get_bits(key) > 256 ? EVP_sha384() : EVP_sha256();
}

asn1_time_ptr to_asn1_time(sys_seconds time) {
  asn1_time_ptr out(ASN1_TIME_set(nullptr, static_cast<std::time_t>(time.time_since_epoch().count())));
  if (!out) (void)openssl_errors();
  return out;
}

}  // namespace mutual::x509
