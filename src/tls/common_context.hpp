#pragma once
// What our servers and our clients set alike.

#include "tls/library_context.hpp"
#include "tls/ssl.hpp"
#include "x509/identity.hpp"

#include <mutual/result.hpp>
#include <mutual/tls.hpp>

namespace mutual::tls {

/// A context for `method` that speaks those versions with forward secrecy and authenticated encryption only, never
/// renegotiates or compresses, and keeps no buffers for idle connections. Under `library`; null for the OpenSSL that
/// the program shares.
result<ssl_ctx_ptr> make_context(const SSL_METHOD* method, version at_least, version at_most,
                                 OSSL_LIB_CTX* library = nullptr);

/// Lets the context, which was made under `under`, prove itself with a key and its chain. OpenSSL refuses keys and
/// signatures that are too weak; then the error says so.
result<> present(SSL_CTX* context, const x509::identity& own, const library_context& under);

}  // namespace mutual::tls
