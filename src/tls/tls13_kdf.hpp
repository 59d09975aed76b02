#pragma once
// The key derivation of TLS 1.3, for OpenSSL 3.0 and 3.1.

#include <openssl/core.h>

namespace mutual::tls {

/// OpenSSL's algorithm "TLS13-KDF" (RFC 8446 section 7.1), to be offered by a provider in place of the default one's:
/// with SHA-256 and SHA-384, all parameters given with the call that derives. Anything else fails, and a handshake
/// with it. Keeps nothing between two calls. Safe from any thread.
///
/// Why: a handshake derives some twenty secrets, and up to 3.1 each of them fetches its digest by name and allocates
/// what an HMAC needs, which costs many times what the hashing does.
OSSL_ALGORITHM tls13_kdf();

}  // namespace mutual::tls
