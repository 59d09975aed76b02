#pragma once
// A PKI for tests, made in memory: every certificate right unless the test asks for a fault.

#include "base/clock.hpp"
#include "x509/openssl.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mutual::test {

/// A private key; copies share it.
using key = std::shared_ptr<EVP_PKEY>;

key make_p256_key();
key make_p384_key();
key make_ed25519_key();
key make_rsa_key(unsigned bits);
key make_ec_key(const char* curve);
/// A public key only, of any size, to be certified: no prime was looked for.
key make_rsa_public_key(unsigned bits);

/// What a certificate is to hold. Extensions are in OpenSSL's configuration syntax ("critical,CA:TRUE"); an empty one
/// is left out.
struct spec {
  std::string common_name;
  std::string organization = "Acme";
  std::string basic_constraints{};
  std::string key_usage{};
  std::string extended_key_usage{};
  std::string alternative_names{};  ///< "DNS:a.example,URI:spiffe://acme/a,email:a@acme.example,IP:192.0.2.1"
  std::string name_constraints{};   ///< "critical,permitted;DNS:example.com"
  bool subject_key_id = true;
  bool authority_key_id = true;
  std::chrono::seconds begins_in = -std::chrono::hours(1);  ///< Relative to `at`.
  std::chrono::seconds ends_in = std::chrono::hours(24 * 30);
  sys_seconds at = now();
  std::uint64_t serial = 0;  ///< 0: a fresh one.
  key with{};                ///< Null: a new P-256 key.
  const char* digest = "SHA256";
  long version = 2;  ///< As it stands in the certificate: 2 is X.509 v3.
  std::vector<std::pair<std::string, std::string>>
      more{};  ///< Further extensions: short name or OID, value ("DER:0500").
};

/// The usual contents, to be changed at will.
spec root_spec(std::string common_name = "Acme Root");
spec intermediate_spec(std::string common_name = "Acme Intermediate");
spec client_spec(std::string common_name = "alice");
spec server_spec(std::string common_name = "localhost");  ///< SAN: localhost, 127.0.0.1, ::1.
/// What `openssl req -x509` makes: CA:TRUE without key usage, signed by itself.
spec tutorial_spec(std::string common_name = "tutorial");

/// A certificate and its key; copies share them.
class identity {
 public:
  identity(std::shared_ptr<X509> certificate, key private_key)
      : certificate_(std::move(certificate)), key_(std::move(private_key)) {}

  X509* certificate() const { return certificate_.get(); }
  EVP_PKEY* private_key() const { return key_.get(); }
  const key& shared_key() const { return key_; }
  std::string pem() const;      ///< The certificate.
  std::string key_pem() const;  ///< The key, PKCS#8, not encrypted.
  std::string der() const;
  std::string pkcs12(const std::string& password, const std::vector<identity>& chain = {}) const;

 private:
  std::shared_ptr<X509> certificate_;
  key key_;
};

identity self_signed(const spec& contents);
identity issue(const identity& issuer, const spec& contents);
/// The same certificate with one bit of its signature changed.
identity tampered(const identity& whole);
/// The same certificate with another key beside it.
identity with_other_key(const identity& whole);

/// A revocation list.
struct crl_spec {
  std::vector<identity> revoked{};
  std::chrono::seconds begins_in = -std::chrono::hours(1);
  std::optional<std::chrono::seconds> ends_in = std::chrono::hours(24 * 7);
  sys_seconds at = now();
  std::optional<std::uint64_t> number = 1;
  std::vector<std::pair<std::string, std::string>> more{};  ///< Further extensions.
};
std::shared_ptr<X509_CRL> make_crl(const identity& issuer, const crl_spec& contents = {});
std::string pem(X509_CRL* crl);

/// A certificate read anew from its bytes, as a TLS stack has it.
std::shared_ptr<X509> parsed(const identity& whole);

/// Several certificates after each other, as a server's or client's .crt file holds them.
std::string pem_chain(const std::vector<identity>& chain);

/// Root → intermediate → alice, and what a test of both sides needs.
struct pki {
  identity root;
  identity intermediate;
  identity client;
  identity server;
};
pki make_pki();

}  // namespace mutual::test
