#pragma once
// certificate: one X.509 certificate, as a value.

#include "base/clock.hpp"
#include "x509/openssl.hpp"

#include <mutual/peer.hpp>
#include <mutual/result.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::x509 {

/// A certificate that has been read, good or not: nothing here is judged. Copies share it; it never changes, so any
/// thread may read it. What cannot be decoded is empty, and dates that cannot be read make it never valid.
class certificate {
 public:
  /// Reads one certificate; an error if it is malformed or if bytes follow it.
  static result<certificate> from_der(std::string_view der);

  /// Takes one over from OpenSSL; must not be null.
  explicit certificate(x509_ptr taken);

  /// Shares one that OpenSSL goes on owning (SSL_get0_peer_certificate, a chain's element).
  static certificate shared(X509* borrowed);

  /// For OpenSSL's functions; valid as long as this or a copy. Do not change it.
  X509* get() const { return handle_.get(); }

  std::string der() const;
  std::string pem() const;

  std::string subject() const;      ///< RFC 4514: "CN=alice,O=Acme".
  std::string issuer() const;       ///< RFC 4514.
  std::string common_name() const;  ///< The last CN of the subject, or empty.
  std::vector<std::string> organizations() const;
  std::vector<std::string> organizational_units() const;
  /// The subject alternative names; empty if there are none or the extension is malformed.
  alternative_names names() const;
  /// What to call its subject: the common name, else the first alternative name, else the whole subject.
  std::string display_name() const;

  std::string serial() const;  ///< Lower-case hex, no separators, no leading zeros.
  std::string sha256() const;  ///< The fingerprint: 64 lower-case hex digits.
  sys_seconds not_before() const;
  sys_seconds not_after() const;

  bool is_ca() const;           ///< basicConstraints says CA:TRUE.
  bool is_self_issued() const;  ///< Subject and issuer are the same name.
  bool is_self_signed() const;  ///< And its own key verifies its signature.
  /// Whether its names, key identifiers and key usage make `issuer` its possible issuer; signatures are not checked.
  bool may_be_issued_by(const certificate& issuer) const;
  /// Whether the issuer's key verifies its signature.
  bool is_signed_by(const certificate& issuer) const;

  /// Whether the extended key usage allows TLS servers (or says nothing).
  bool allows_server() const;
  /// Whether the extended key usage allows TLS clients (or says nothing).
  bool allows_client() const;
  /// "TLS Web Server Authentication" …, as OpenSSL names them; empty if there is no such extension.
  std::vector<std::string> extended_key_usages() const;
  /// "digitalSignature" …; empty if there is no such extension.
  std::vector<std::string> key_usages() const;

  std::string key_description() const;        ///< "P-256", "RSA 2048", "Ed25519".
  std::string signature_description() const;  ///< "ecdsa-with-SHA256".
  /// The key identifiers in lower-case hex; empty if the extension is not there.
  std::string subject_key_id() const;
  std::string authority_key_id() const;

  friend bool operator==(const certificate& left, const certificate& right) {
    return X509_cmp(left.get(), right.get()) == 0;
  }

 private:
  std::shared_ptr<X509> handle_;
};

/// "P-256", "P-384", "RSA 2048", "Ed25519"; OpenSSL's name for others.
std::string describe_key(const EVP_PKEY* key);

/// The names in a subjectAltName; kinds that we do not know are left out.
alternative_names read_names(const GENERAL_NAMES* names);

/// All certificates as PEM, one after another.
std::string to_pem(const std::vector<certificate>& certificates);

}  // namespace mutual::x509
