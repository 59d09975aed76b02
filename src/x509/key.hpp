#pragma once
// private_key: one private key, as a value.

#include "x509/certificate.hpp"
#include "x509/openssl.hpp"
#include "x509/secret.hpp"

#include <mutual/result.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mutual::x509 {

/// The kinds of key that we make. P-256 unless there is a reason.
enum class key_kind { p256, p384, ed25519, rsa2048, rsa3072, rsa4096 };

/// "p256", "p384", "ed25519", "rsa2048", "rsa3072", "rsa4096".
std::string_view to_string(key_kind kind);

/// The kind of that name ("P-256" and "p256", "RSA 2048" and "rsa2048" are the same); nothing for others.
std::optional<key_kind> key_kind_from_string(std::string_view name);

/// A private key. Copies share it; the memory is wiped with the last. It is never written to a log: only `pem` gives
/// it away, as a secret.
class private_key {
 public:
  /// Makes a new key from the system's randomness.
  static result<private_key> generate(key_kind kind = key_kind::p256);

  /// Takes a key over from OpenSSL; must hold the private half.
  explicit private_key(pkey_ptr taken) : handle_(std::move(taken)) {}

  EVP_PKEY* get() const { return handle_.get(); }

  /// The key as unencrypted PKCS#8 PEM ("BEGIN PRIVATE KEY").
  secret pem() const;

  /// Whether this is the key of that certificate.
  bool belongs_to(const certificate& owner) const;

  std::string description() const { return describe_key(get()); }  ///< "P-256", "RSA 2048", "Ed25519".

 private:
  std::shared_ptr<EVP_PKEY> handle_;
};

}  // namespace mutual::x509
