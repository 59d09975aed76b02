#pragma once
// session_peer: what a TLS session remembers about its client.

#include <mutual/peer.hpp>

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

namespace mutual::tls {

/// Who was at the other end when a session was made, bound to the session itself: it goes wherever OpenSSL copies the
/// session, so a resumed handshake can never be given somebody else's peer.
struct session_peer {
  std::shared_ptr<const peer> who;  ///< Null if no certificate was shown.
  std::string server_name;          ///< The SNI it was made under; it stays bound to it (RFC 6066 section 3).
  std::uint64_t generation = 0;     ///< Of the trust that last judged `who`.
};

/// Ties `facts` to the session, in place of what was tied to it. False if memory ran out.
bool bind(SSL_SESSION* session, std::shared_ptr<const session_peer> facts);

/// What is tied to the session; null if nothing is.
std::shared_ptr<const session_peer> bound_to(const SSL_SESSION* session);

}  // namespace mutual::tls
