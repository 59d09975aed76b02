#include "x509/pkcs12_algorithms.hpp"

#include "x509/openssl.hpp"

#include <openssl/err.h>

#include <array>

namespace mutual::x509 {
namespace {

using pbe1_ptr = std::unique_ptr<PBEPARAM, freed_by<PBEPARAM_free>>;
using pbe2_ptr = std::unique_ptr<PBE2PARAM, freed_by<PBE2PARAM_free>>;
using pbkdf2_ptr = std::unique_ptr<PBKDF2PARAM, freed_by<PBKDF2PARAM_free>>;

struct free_safes {
  void operator()(STACK_OF(PKCS7) * safes) const noexcept { sk_PKCS7_pop_free(safes, PKCS7_free); }
};
struct free_bags {
  void operator()(STACK_OF(PKCS12_SAFEBAG) * bags) const noexcept {
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
  }
};

template <class Owner>
Owner parameter(const X509_ALGOR* algorithm, const ASN1_ITEM* item) {
  using T = typename Owner::element_type;
  if (algorithm == nullptr || algorithm->parameter == nullptr) return nullptr;
  return Owner(static_cast<T*>(ASN1_TYPE_unpack_sequence(item, algorithm->parameter)));
}

std::string name_of(const ASN1_OBJECT* object) {
  std::array<char, 80> name{};
  if (const char* known = OBJ_nid2sn(OBJ_obj2nid(object)); OBJ_obj2nid(object) != NID_undef && known != nullptr) {
    return known;
  }
  OBJ_obj2txt(name.data(), static_cast<int>(name.size()), object, 0);
  return name.data();
}

void read_pbkdf2(const X509_ALGOR* function, std::string& prf, long& rounds) {
  const auto parameters = parameter<pbkdf2_ptr>(function, ASN1_ITEM_rptr(PBKDF2PARAM));
  if (!parameters) return;
  rounds = ASN1_INTEGER_get(parameters->iter);
  // RFC 8018 appendix A.2: HMAC with SHA-1 if it does not say.
  prf = parameters->prf != nullptr ? name_of(parameters->prf->algorithm) : "hmacWithSHA1";
}

pkcs12_part read_part(const X509_ALGOR* algorithm, bool holds_keys) {
  pkcs12_part out;
  out.holds_keys = holds_keys;
  if (algorithm == nullptr) return out;
  if (OBJ_obj2nid(algorithm->algorithm) != NID_pbes2) {
    const auto parameters = parameter<pbe1_ptr>(algorithm, ASN1_ITEM_rptr(PBEPARAM));
    out.cipher = name_of(algorithm->algorithm);
    out.rounds = parameters ? ASN1_INTEGER_get(parameters->iter) : 0;
    return out;
  }
  const auto parameters = parameter<pbe2_ptr>(algorithm, ASN1_ITEM_rptr(PBE2PARAM));
  if (!parameters) {
    out.cipher = "PBES2";
    return out;
  }
  out.cipher = name_of(parameters->encryption->algorithm);
  read_pbkdf2(parameters->keyfunc, out.prf, out.rounds);
  return out;
}

// The parts of a safe that is open: keys that are encrypted one by one, or not at all. Certificates in the open are
// public anyway.
void read_open_safe(PKCS7* safe, std::vector<pkcs12_part>& parts) {
  const std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), free_bags> bags(safe->d.data != nullptr ? PKCS12_unpack_p7data(safe)
                                                                                          : nullptr);
  for (int at = 0; bags && at < sk_PKCS12_SAFEBAG_num(bags.get()); ++at) {
    const auto* bag = sk_PKCS12_SAFEBAG_value(bags.get(), at);
    const int kind = PKCS12_SAFEBAG_get_nid(bag);
    if (kind == NID_keyBag) parts.push_back(read_part(nullptr, true));
    if (kind != NID_pkcs8ShroudedKeyBag) continue;
    const X509_ALGOR* algorithm = nullptr;
    X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, nullptr);
    parts.push_back(read_part(algorithm, true));
  }
}

void read_mac(const PKCS12* file, pkcs12_algorithms& out) {
  if (PKCS12_mac_present(file) != 1) return;
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_INTEGER* rounds = nullptr;
  PKCS12_get0_mac(nullptr, &algorithm, nullptr, &rounds, file);
  out.mac = algorithm != nullptr ? name_of(algorithm->algorithm) : "unknown";
  out.mac_rounds = rounds != nullptr ? ASN1_INTEGER_get(rounds) : 1;
  // PBMAC1 (RFC 9579) keeps its count inside its own parameters.
  if (algorithm == nullptr || OBJ_obj2nid(algorithm->algorithm) != NID_pbmac1) return;
  const auto parameters = parameter<pbe2_ptr>(algorithm, ASN1_ITEM_rptr(PBE2PARAM));
  std::string prf;
  if (parameters) read_pbkdf2(parameters->keyfunc, prf, out.mac_rounds);
}

}  // namespace

std::optional<pkcs12_algorithms> pkcs12_algorithms_of(std::string_view bytes) {
  ERR_set_mark();
  std::optional<pkcs12_algorithms> out;
  const auto file = from_whole_der<pkcs12_ptr>(bytes, d2i_PKCS12);
  const std::unique_ptr<STACK_OF(PKCS7), free_safes> safes(file ? PKCS12_unpack_authsafes(file.get()) : nullptr);
  if (safes) {
    out.emplace();
    read_mac(file.get(), *out);
    for (int at = 0; at < sk_PKCS7_num(safes.get()); ++at) {
      PKCS7* safe = sk_PKCS7_value(safes.get(), at);
      if (PKCS7_type_is_data(safe)) read_open_safe(safe, out->parts);
      if (!PKCS7_type_is_encrypted(safe)) continue;
      const PKCS7_ENCRYPT* encrypted = safe->d.encrypted;
      const bool whole = encrypted != nullptr && encrypted->enc_data != nullptr;
      out->parts.push_back(read_part(whole ? encrypted->enc_data->algorithm : nullptr, false));
    }
  }
  ERR_pop_to_mark();
  return out;
}

}  // namespace mutual::x509
