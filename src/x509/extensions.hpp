#pragma once
// Extensions as the builder puts them into certificates and revocation lists.

#include "x509/builder.hpp"
#include "x509/openssl.hpp"

#include <mutual/result.hpp>

#include <cstdint>
#include <string>

namespace mutual::x509 {

/// Adds all that the spec says to a certificate whose public key is set. `issuer` is the certificate itself when it
/// signs itself.
result<> add_extensions(X509* to, const certificate_spec& spec, X509* issuer);

/// Adds the extension keyUsage (critical) with OpenSSL's KU_ bits.
bool add_key_usage(X509* to, std::uint32_t usage);

/// Adds the extension subjectKeyIdentifier, of the certificate's public key.
bool add_subject_key_identifier(X509* to);

/// The issuer's subject key identifier as an authorityKeyIdentifier extension; null if the issuer has none.
x509_extension_ptr authority_key_identifier(X509* issuer);

/// A number from hex digits; null if they are none or too many for a serial.
asn1_integer_ptr integer_from_hex(const std::string& digits);

/// The digest that fits a signing key: SHA-384 for P-384, none for Ed25519, else SHA-256.
const EVP_MD* digest_for(const EVP_PKEY* key);

/// A time as RFC 5280 section 4.1.2.5 writes it: UTCTime up to 2049, GeneralizedTime after. Null if it does not fit.
asn1_time_ptr to_asn1_time(sys_seconds time);

}  // namespace mutual::x509
