#pragma once
// key_digest: what stands for a public key, however it is written.

#include "x509/openssl.hpp"

#include <string>

namespace mutual::x509 {

/// A SHA-256 over what the holder of the private half must know, in lower-case hex; empty, which is nobody's, if it
/// cannot be told. It is over RSA's modulus, and over a curve and a point's first coordinate: whoever can sign with one
/// exponent can with every other, and whoever has the key of a point has that of its negative. So it is also the same
/// for a point that is compressed and one that is not (RFC 5480 section 2.2), and for an RSA key for PKCS#1 and for
/// PSS.
std::string key_digest(const EVP_PKEY* key);

/// Octets that stand in every certificate for such a key, however it is written: RSA's modulus, the point's first
/// coordinate, or the key as it is; empty if it cannot be told. Those in which they do not stand need not be read when
/// one is looked for.
std::string octets_of_key(const EVP_PKEY* key);

}  // namespace mutual::x509
