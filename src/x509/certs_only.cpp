#include "x509/certs_only.hpp"

#include "x509/openssl.hpp"

#include <openssl/pkcs7.h>

namespace mutual::x509 {

result<std::string> certs_only(const std::vector<certificate>& all) {
  using pkcs7_ptr = std::unique_ptr<PKCS7, freed_by<PKCS7_free>>;
  const pkcs7_ptr made(PKCS7_new());
  // RFC 5652 section 5.2: no content, of the type "data", and nobody who signs it.
  bool done = made && PKCS7_set_type(made.get(), NID_pkcs7_signed) == 1;
  if (done) made->d.sign->contents->type = OBJ_nid2obj(NID_pkcs7_data);
  for (const auto& one : all) done = done && PKCS7_add_certificate(made.get(), one.get()) == 1;
  auto der = done ? der_of(made.get(), i2d_PKCS7) : std::string();
  if (der.empty()) return error(errc::internal, "cannot put certificates into PKCS#7: " + openssl_errors());
  return der;
}

result<secret> pkcs8_der(const private_key& key) {
  const pkcs8_ptr info(EVP_PKEY2PKCS8(key.get()));
  unsigned char* bytes = nullptr;
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &bytes) : -1;
  if (size <= 0) return error(errc::internal, "cannot write a private key: " + openssl_errors());
  secret out(std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)));
  OPENSSL_clear_free(bytes, static_cast<std::size_t>(size));
  return out;
}

}  // namespace mutual::x509
