#pragma once
// session_peer: what a TLS session remembers about its client.

#include "base/clock.hpp"
#include "tls/verdict.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace mutual::tls {

/// Who was at the other end when a session was made, bound to the session itself: it goes wherever OpenSSL copies the
/// session, so a resumed handshake can never be given somebody else's peer.
struct session_peer {
  standing known;  ///< Its `who` is null if no certificate was shown.
  /// When the client last proved that it holds the key. Resuming proves nothing (RFC 8446 section 4.6.1).
  sys_seconds proved_at{};
  std::string server_name;  ///< The SNI it was made under; it stays bound to it (RFC 6066 section 3).
};

/// Ties `facts` to the session, in place of what was tied to it. False if memory ran out.
bool bind(SSL_SESSION* session, std::shared_ptr<const session_peer> facts);

/// What is tied to the session; null if nothing is.
std::shared_ptr<const session_peer> bound_to(const SSL_SESSION* session);

}  // namespace mutual::tls
