#pragma once
// decryptor: opens what a password protects, within a limit, and says why when it does not open.

#include "x509/openssl.hpp"
#include "x509/secret.hpp"

#include <mutual/result.hpp>

#include <openssl/provider.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::x509 {

struct free_safe_bags {
  void operator()(STACK_OF(PKCS12_SAFEBAG) * bags) const noexcept {
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
  }
};
using safe_bags_ptr = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), free_safe_bags>;

/// Opens the encrypted parts of one file with one password. Key derivation is paid from a budget before it is done, so
/// that a hostile file cannot keep us busy. Algorithms that only OpenSSL's legacy provider has (RC2-40, which mkcert
/// and older tools write) are tried in a library context of their own, so that the rest of the program never offers
/// them.
class decryptor {
 public:
  decryptor(std::string_view where, std::string_view password, long rounds)
      : where_(where), password_(password), rounds_left_(rounds) {}

  /// Checks a PKCS#12's MAC, if it has one: that is where a wrong password shows.
  result<> check_mac(PKCS12* file);

  /// The bags of an encrypted safe.
  result<safe_bags_ptr> open_safe(const X509_ALGOR* algorithm, const ASN1_OCTET_STRING* encrypted);

  /// An encrypted PKCS#8 key.
  result<pkcs8_ptr> open_key(const X509_SIG* encrypted);

  /// A key in OpenSSL's old encrypted PEM ("DEK-Info"); `bytes` is decrypted in place and its new length given.
  result<long> open_old_pem(const std::string& header, unsigned char* bytes, long size);

  /// "the file is damaged" and the like, as an error with the file's name.
  error failure(std::string_view why) const;
  /// What is told of a password, or the lack of one, that does not open it.
  error wrong_password() const;

 private:
  result<> pay(const X509_ALGOR* algorithm);
  result<> pay(long rounds);
  error unsupported(const X509_ALGOR* algorithm) const;
  OSSL_LIB_CTX* legacy();

  // Calls open(password, length, context) with each form of the password and each context until one gives an object.
  template <class Owner, class Open>
  result<Owner> attempt(const X509_ALGOR* algorithm, Open open);

  std::string where_;
  secret password_;
  long rounds_left_;
  // PKCS#12 tells an empty password from none, and writers disagree which of them "no password" is.
  enum class empty_form { unknown, null, empty } form_ = empty_form::unknown;

  struct free_context {
    void operator()(OSSL_LIB_CTX* context) const noexcept { OSSL_LIB_CTX_free(context); }
  };
  struct unload_provider {
    void operator()(OSSL_PROVIDER* provider) const noexcept { OSSL_PROVIDER_unload(provider); }
  };
  std::unique_ptr<OSSL_LIB_CTX, free_context> legacy_context_;
  std::vector<std::unique_ptr<OSSL_PROVIDER, unload_provider>> legacy_providers_;
  bool legacy_tried_ = false;
};

}  // namespace mutual::x509
