#pragma once
// request: a certificate signing request (RFC 2986), as a value.

#include "x509/key.hpp"
#include "x509/name.hpp"
#include "x509/openssl.hpp"

#include <mutual/peer.hpp>
#include <mutual/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace mutual::x509 {

/// A request for a certificate, read or made. What it asks for is a wish: the authority decides. Copies share it; it
/// never changes.
class request {
 public:
  /// Reads one request; an error if it is malformed or if bytes follow it.
  static result<request> from_der(std::string_view der);

  /// Makes a request for a subject and names, signed with the key that the certificate is to be for.
  static result<request> make(const private_key& key, const distinguished_name& subject,
                              const alternative_names& names);

  explicit request(x509_req_ptr taken) : handle_(std::move(taken)) {}

  X509_REQ* get() const { return handle_.get(); }

  /// The key that the certificate is to be for; null if it cannot be read. Lives as long as this or a copy. Ask here,
  /// not OpenSSL, which may have been kept from reading it (see public_key.hpp).
  EVP_PKEY* key() const { return key_ ? key_.get() : X509_REQ_get0_pubkey(get()); }

  std::string der() const;
  std::string pem() const;

  std::string subject() const;  ///< RFC 4514.
  std::string common_name() const;
  alternative_names names() const;
  std::string key_description() const;

  /// Whether its sender holds the private key: the signature is by the key that it names (RFC 2986 section 3).
  bool proves_possession() const;

 private:
  std::shared_ptr<X509_REQ> handle_;
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace mutual::x509
