#pragma once
// key_digest: what stands for a public key, however it is written.

#include "x509/openssl.hpp"

#include <string>

namespace mutual::x509 {

/// A SHA-256 over what the public key is, in lower-case hex; empty, which is nobody's, if it cannot be told. Unlike one
/// over its bytes (subjectPublicKeyInfo) it is the same for a point that is compressed and one that is not (RFC 5480
/// section 2.2), and for an RSA key for PKCS#1 and for PSS.
std::string key_digest(const EVP_PKEY* key);

}  // namespace mutual::x509
