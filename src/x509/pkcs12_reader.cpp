#include "x509/readers.hpp"

#include <openssl/err.h>
#include <openssl/pkcs12.h>

namespace mutual::x509 {
namespace {

// Safes may hold safes; nobody nests them, so neither do attackers get to.
constexpr int deepest_safe = 4;

struct free_safes {
  void operator()(STACK_OF(PKCS7) * safes) const noexcept { sk_PKCS7_pop_free(safes, PKCS7_free); }
};
using safes_ptr = std::unique_ptr<STACK_OF(PKCS7), free_safes>;

error damaged(const decryptor& opener) {
  (void)openssl_errors();
  return opener.failure("it is a damaged PKCS#12 file");
}

result<> read_bags(const STACK_OF(PKCS12_SAFEBAG) * bags, int depth, decryptor& opener, bundle& into);

result<> read_bag(const PKCS12_SAFEBAG* bag, int depth, decryptor& opener, bundle& into) {
  switch (PKCS12_SAFEBAG_get_nid(bag)) {
    case NID_keyBag:
      return add_key(PKCS12_SAFEBAG_get0_p8inf(bag), opener, into);
    case NID_pkcs8ShroudedKeyBag: {
      MUTUAL_TRY(const auto plain, opener.open_key(PKCS12_SAFEBAG_get0_pkcs8(bag)));
      return add_key(plain.get(), opener, into);
    }
    case NID_certBag: {
      if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) return {};
      x509_ptr read(PKCS12_SAFEBAG_get1_cert(bag));
      if (!read) return damaged(opener);
      into.certificates.emplace_back(std::move(read));
      return {};
    }
    case NID_crlBag: {
      if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Crl) return {};
      x509_crl_ptr read(PKCS12_SAFEBAG_get1_crl(bag));
      if (!read) return damaged(opener);
      into.crls.emplace_back(std::move(read));
      return {};
    }
    case NID_safeContentsBag:
      return read_bags(PKCS12_SAFEBAG_get0_safes(bag), depth + 1, opener, into);
    default:
      return {};
  }
}

result<> read_bags(const STACK_OF(PKCS12_SAFEBAG) * bags, int depth, decryptor& opener, bundle& into) {
  if (depth > deepest_safe) return damaged(opener);
  for (int at = 0; at < sk_PKCS12_SAFEBAG_num(bags); ++at) {
    MUTUAL_CHECK(read_bag(sk_PKCS12_SAFEBAG_value(bags, at), depth, opener, into));
  }
  return {};
}

result<safe_bags_ptr> open_safe(PKCS7* safe, decryptor& opener) {
  if (PKCS7_type_is_data(safe)) {
    safe_bags_ptr bags(safe->d.data != nullptr ? PKCS12_unpack_p7data(safe) : nullptr);
    if (!bags) return damaged(opener);
    return bags;
  }
  if (!PKCS7_type_is_encrypted(safe)) {
    return opener.failure("it is a PKCS#12 file that is locked with a certificate, not with a password");
  }
  const PKCS7_ENCRYPT* encrypted = safe->d.encrypted;
  if (encrypted == nullptr || encrypted->enc_data == nullptr || encrypted->enc_data->enc_data == nullptr) {
    return damaged(opener);
  }
  return opener.open_safe(encrypted->enc_data->algorithm, encrypted->enc_data->enc_data);
}

}  // namespace

result<> read_pkcs12(PKCS12* file, decryptor& opener, bundle& into) {
  MUTUAL_CHECK(opener.check_mac(file));
  const safes_ptr safes(PKCS12_unpack_authsafes(file));
  if (!safes) return damaged(opener);
  for (int at = 0; at < sk_PKCS7_num(safes.get()); ++at) {
    MUTUAL_TRY(const auto bags, open_safe(sk_PKCS7_value(safes.get(), at), opener));
    MUTUAL_CHECK(read_bags(bags.get(), 0, opener, into));
  }
  return {};
}

}  // namespace mutual::x509
