#pragma once
// digest: what stands for bytes.

#include <openssl/evp.h>

#include <string>
#include <string_view>

namespace mutual::x509 {

/// That digest of the bytes; empty, which is nobody's, if OpenSSL cannot make it.
std::string digest_bytes(std::string_view bytes, const EVP_MD* kind);

/// The SHA-256 of the bytes, 32 of them; empty, which is nobody's, if OpenSSL cannot make it.
std::string sha256_bytes(std::string_view bytes);

/// The SHA-256 of the bytes in lower-case hex; empty, which is nobody's, if OpenSSL cannot make it.
std::string sha256_hex(std::string_view bytes);

}  // namespace mutual::x509
