#pragma once
// public_key: the keys that certificates and requests are for, written and read without OpenSSL's detours.
//
// Why: OpenSSL 3.0 and 3.1 go through all their 90 encoders and decoders for each public key that they write or read,
// which takes longer than to sign and to verify. For the few kinds that nearly everybody has there is not much to do.

#include "x509/openssl.hpp"

#include <string_view>

namespace mutual::x509 {

/// Makes it the certificate's key, as X509_set_pubkey does, byte for byte. X509_get0_pubkey() may give null for it
/// until the certificate has been read from its bytes. False if it cannot be.
bool set_public_key(X509* to, EVP_PKEY* key);

/// The key of a named curve (P-256, P-384, P-521), checked to be on it, or the Ed25519 key; null for any other, and for
/// what is malformed: OpenSSL's own reader tells those apart.
pkey_ptr read_plain_key(const X509_PUBKEY* from);

/// A request or certificate from the whole of `der`, whose key has not been read: OpenSSL's functions for its key may
/// give null, and all others work. Null if it is malformed but for its key.
x509_req_ptr read_request_without_key(std::string_view der);
x509_ptr read_certificate_without_key(std::string_view der);

}  // namespace mutual::x509
