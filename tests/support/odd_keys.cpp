#include "support/odd_keys.hpp"

#include "base/random.hpp"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <stdexcept>

namespace mutual::test {
namespace {

using namespace mutual::x509;

key rsa_key(const char* exponent, unsigned char last_of_modulus, bool with_private_half) {
  auto bytes = random_bytes(256);
  bytes.front() = static_cast<char>(0x80);
  bytes.back() = static_cast<char>(last_of_modulus);
  const bignum_ptr modulus(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr));
  BIGNUM* read = nullptr;
  BN_hex2bn(&read, exponent);
  const bignum_ptr power(read);
  const std::unique_ptr<OSSL_PARAM_BLD, freed_by<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, power.get());
  if (with_private_half) OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_D, power.get());
  const std::unique_ptr<OSSL_PARAM, freed_by<OSSL_PARAM_free>> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const pkey_ctx_ptr context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, with_private_half ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                        parameters.get()) != 1) {
    throw std::runtime_error("an odd RSA key: " + openssl_errors());
  }
  return {made, EVP_PKEY_free};
}

}  // namespace

key make_rsa_key_of(const char* exponent, unsigned char last_of_modulus) {
  return rsa_key(exponent, last_of_modulus, false);
}

key make_rsa_key_of_one() { return rsa_key("1", 1, true); }

key make_raw_key(int kind, const std::string& bytes) {
  auto* const made =
      EVP_PKEY_new_raw_public_key(kind, nullptr, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  if (made == nullptr) throw std::runtime_error("an odd key: " + openssl_errors());
  return {made, EVP_PKEY_free};
}

key make_ed25519_identity() {
  std::string bytes(32, '\0');
  bytes.front() = 1;
  return make_raw_key(EVP_PKEY_ED25519, bytes);
}

}  // namespace mutual::test
