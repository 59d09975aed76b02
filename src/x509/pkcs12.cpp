#include "x509/pkcs12.hpp"

#include <string>

namespace mutual::x509 {
namespace {

// An empty password is no secret, so nothing is won by making it slow to try.
constexpr int rounds_without_password = 2048;
constexpr int rounds = 100'000;

}  // namespace

result<secret> to_pkcs12(const identity& who, std::string_view password, std::string_view name) {
  const secret password_text(password);
  const std::string name_text(name);
  const int count = password.empty() ? rounds_without_password : rounds;
  const x509_stack_ptr intermediates(sk_X509_new_null());
  for (std::size_t at = 1; at < who.chain.size(); ++at) {
    X509* one = who.chain[at].get();
    X509_up_ref(one);
    if (sk_X509_push(intermediates.get(), one) <= 0) X509_free(one);
  }
  // Made without a MAC first, so that the MAC's digest is ours to choose and not OpenSSL's default.
  const pkcs12_ptr made(PKCS12_create(password_text.c_str(), name_text.c_str(), who.key.get(), who.leaf().get(),
                                      intermediates.get(), NID_aes_256_cbc, NID_aes_256_cbc, count, -1, 0));
  if (!made || PKCS12_set_mac(made.get(), password_text.c_str(), static_cast<int>(password.size()), nullptr, 16, count,
                              EVP_sha256()) != 1) {
    return error(errc::internal, "cannot make a PKCS#12 file: " + openssl_errors());
  }
  return secret(der_of(made.get(), i2d_PKCS12));
}

}  // namespace mutual::x509
