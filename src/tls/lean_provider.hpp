#pragma once
// The lean provider: of OpenSSL's algorithms those that TLS needs, for OpenSSL 3.0 and 3.1.

#include <openssl/provider.h>

namespace mutual::tls {

/// Whether the OpenSSL that is running is one that the lean provider helps: 3.0 and 3.1, nothing later.
bool is_slow_to_decode();

/// Loads into `context`, as its only provider, one that hands on what `whole` has, which is OpenSSL's default provider
/// in another context, without what no TLS handshake needs: it reads no keys, not even those in certificates, and
/// derives the secrets of TLS 1.3 in a way of our own (tls13_kdf) if that is wanted. Null if that cannot be; else to be
/// unloaded before `context` is freed. `whole` must outlive it.
///
/// Why: up to 3.1, OpenSSL looks through all its 90 decoders and 18 key types for each public key that it reads, twice
/// for each client that shows a leaf and an intermediate, whoever is known already. From 3.2 on it remembers what it
/// found.
OSSL_PROVIDER* load_lean_provider(OSSL_LIB_CTX* context, OSSL_PROVIDER* whole, bool own_key_derivation);

}  // namespace mutual::tls
