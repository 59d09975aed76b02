#include "x509/encrypted_key.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace mutual::x509 {

result<secret> encrypted_pem(const private_key& key, std::string_view password) {
  using algorithm_ptr = std::unique_ptr<X509_ALGOR, freed_by<X509_ALGOR_free>>;
  if (password.empty()) return error(errc::bad_usage, "an empty password encrypts nothing: give one");
  // 16 MiB a guess, five times over. OpenSSL reads no scrypt that takes more than 32 MiB.
  constexpr std::uint64_t cost = 16384, block = 8, passes = 5;
  algorithm_ptr algorithm(PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), nullptr, 16, nullptr, cost, block, passes));
  const pkcs8_ptr plain(EVP_PKEY2PKCS8(key.get()));
  const x509_sig_ptr encrypted(algorithm && plain ? PKCS8_set0_pbe(password.data(), static_cast<int>(password.size()),
                                                                   plain.get(), algorithm.get())
                                                  : nullptr);
  if (encrypted) (void)algorithm.release();  // It is the encrypted key's now.
  const bio_ptr memory(BIO_new(BIO_s_mem()));
  if (!encrypted || PEM_write_bio_PKCS8(memory.get(), encrypted.get()) != 1) {
    return error(errc::internal, "cannot encrypt a private key: " + openssl_errors());
  }
  return secret(contents(memory.get()));
}

}  // namespace mutual::x509
