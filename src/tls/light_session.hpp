#pragma once
// light_session: a session without the certificates that the client has shown.

#include <openssl/ssl.h>

namespace mutual::tls {

/// Takes the certificates that the client has shown out of a session that its handshake has just made, which nobody
/// shares yet; all else stays, so it can be resumed as before. False if memory ran out: then it may not be kept.
///
/// Why: OpenSSL keeps with a session, and so with each open connection and each session in the cache, all certificates
/// that the client sent, taken apart; a leaf and its intermediate are eight kilobytes. Who the client is, is in the
/// peer.
bool drop_certificates(SSL* ssl, SSL_SESSION* session);

}  // namespace mutual::tls
