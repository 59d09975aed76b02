#pragma once
// crl: one certificate revocation list (RFC 5280 section 5), as a value.

#include "base/clock.hpp"
#include "x509/certificate.hpp"
#include "x509/openssl.hpp"

#include <mutual/result.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mutual::x509 {

/// A revocation list that has been read; nothing here is judged. Copies share it; it never changes.
class crl {
 public:
  /// Reads one list; an error if it is malformed or if bytes follow it.
  static result<crl> from_der(std::string_view der);

  /// Takes one over from OpenSSL; must not be null.
  explicit crl(x509_crl_ptr taken) : handle_(std::move(taken)) {}

  X509_CRL* get() const { return handle_.get(); }

  std::string der() const;
  std::string pem() const;

  std::string issuer() const;  ///< RFC 4514.
  sys_seconds this_update() const;
  /// When a newer one is due; nothing if it does not say.
  std::optional<sys_seconds> next_update() const;
  /// The CRL number in lower-case hex; empty if it has none, or none that a CRL may have (RFC 5280 section 5.2.3).
  std::string number() const;
  /// How many certificates it revokes.
  std::size_t size() const;

  /// Whether the list is that CA's, by name and signature.
  bool is_signed_by(const certificate& issuer) const;
  /// Whether the list names that serial (an entry "removeFromCRL" does not count). The issuer is not compared.
  bool revokes(const certificate& one) const;

 private:
  std::shared_ptr<X509_CRL> handle_;
};

}  // namespace mutual::x509
