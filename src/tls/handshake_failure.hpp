#pragma once
// What a failed handshake means, from what OpenSSL and the socket say.

#include "tls/stream.hpp"

#include <mutual/reason.hpp>

#include <optional>
#include <string>

namespace mutual::tls {

/// Why a handshake with a client came to nothing.
struct handshake_failure {
  std::optional<reason> refused;  ///< Our reason; empty if it was the client that gave up.
  std::string detail;             ///< One sentence with the particulars.
};

/// The failure of a server's handshake that ended with `status`, and `code` as OpenSSL's error. For a certificate that
/// was judged and refused ask the verdict instead: it knows better.
handshake_failure explain_failure(io_status status, unsigned long code);

/// The name of a TLS alert ("unknown_ca", RFC 8446 section 6), or "alert 123".
std::string alert_name(int alert);

}  // namespace mutual::tls
