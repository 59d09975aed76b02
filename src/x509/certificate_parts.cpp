// The parts of a certificate that need decoding: names, times, usages, keys.

#include "base/text.hpp"
#include "x509/certificate.hpp"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include <arpa/inet.h>
#include <array>

namespace mutual::x509 {
namespace {

std::string_view bytes_of(const ASN1_STRING* value) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

std::string address_text(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> shown{};
  const int family = bytes.size() == 4 ? AF_INET : bytes.size() == 16 ? AF_INET6 : 0;
  if (family == 0 || ::inet_ntop(family, bytes.data(), shown.data(), shown.size()) == nullptr) return {};
  return shown.data();
}

}  // namespace

alternative_names read_names(const GENERAL_NAMES* names) {
  alternative_names out;
  for (int at = 0; at < sk_GENERAL_NAME_num(names); ++at) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, at), &type);
    if (type != GEN_DNS && type != GEN_URI && type != GEN_EMAIL && type != GEN_IPADD) continue;
    const auto bytes = bytes_of(static_cast<const ASN1_STRING*>(value));
    if (type == GEN_DNS) out.dns.emplace_back(bytes);
    if (type == GEN_URI) out.uris.emplace_back(bytes);
    if (type == GEN_EMAIL) out.emails.emplace_back(bytes);
    if (type == GEN_IPADD) {
      if (auto address = address_text(bytes); !address.empty()) out.ips.push_back(std::move(address));
    }
  }
  return out;
}

std::string describe_key(const EVP_PKEY* key) {
  if (key == nullptr) return "unreadable key";
  const int type = EVP_PKEY_get_base_id(key);
  if (type == EVP_PKEY_ED25519) return "Ed25519";
  if (type == EVP_PKEY_ED448) return "Ed448";
  if (type == EVP_PKEY_RSA || type == EVP_PKEY_RSA_PSS) return fmt::format("RSA {}", EVP_PKEY_get_bits(key));
  if (type == EVP_PKEY_EC) {
    std::array<char, 80> group{};
    std::size_t size = 0;
    if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) != 1) return "EC";
    const char* nist = EC_curve_nid2nist(OBJ_txt2nid(group.data()));
    return nist != nullptr ? nist : group.data();
  }
  const char* name = EVP_PKEY_get0_type_name(key);
  return fmt::format("{} {}", name != nullptr ? name : "unknown", EVP_PKEY_get_bits(key));
}

std::vector<std::string> certificate::extended_key_usages() const {
  struct free_usages {
    void operator()(EXTENDED_KEY_USAGE* usages) const { EXTENDED_KEY_USAGE_free(usages); }
  };
  ERR_set_mark();
  const std::unique_ptr<EXTENDED_KEY_USAGE, free_usages> usages(
      static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(get(), NID_ext_key_usage, nullptr, nullptr)));
  ERR_pop_to_mark();
  std::vector<std::string> out;
  for (int at = 0; usages && at < sk_ASN1_OBJECT_num(usages.get()); ++at) {
    std::array<char, 80> name{};
    OBJ_obj2txt(name.data(), static_cast<int>(name.size()), sk_ASN1_OBJECT_value(usages.get(), at), 0);
    out.emplace_back(name.data());
  }
  return out;
}

std::vector<std::string> certificate::key_usages() const {
  static constexpr std::array<std::pair<unsigned, const char*>, 9> all{{
      {KU_DIGITAL_SIGNATURE, "digitalSignature"},
      {KU_NON_REPUDIATION, "nonRepudiation"},
      {KU_KEY_ENCIPHERMENT, "keyEncipherment"},
      {KU_DATA_ENCIPHERMENT, "dataEncipherment"},
      {KU_KEY_AGREEMENT, "keyAgreement"},
      {KU_KEY_CERT_SIGN, "keyCertSign"},
      {KU_CRL_SIGN, "cRLSign"},
      {KU_ENCIPHER_ONLY, "encipherOnly"},
      {KU_DECIPHER_ONLY, "decipherOnly"},
  }};
  std::vector<std::string> out;
  const auto usage = X509_get_key_usage(get());
  if (usage == UINT32_MAX) return out;
  for (const auto& [bit, name] : all) {
    if ((usage & bit) != 0) out.emplace_back(name);
  }
  return out;
}

}  // namespace mutual::x509
