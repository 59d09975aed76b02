#pragma once
// The CA certificates that the system has, for clients that are not told whom to believe.

#include "tls/trust.hpp"

#include <memory>

namespace mutual::tls {

/// A trust of those certificates in the system's CA store (OpenSSL's: $SSL_CERT_FILE, $SSL_CERT_DIR, else the built-in
/// places) whose names occur in the chain: only these can matter in judging it, and reading all of them would take
/// longer than the handshake. Null if there is none. Reads files; for clients only, since a server never lets in
/// whoever some public CA has issued a certificate to.
std::shared_ptr<const trust> system_trust_for(X509* leaf, const STACK_OF(X509) * sent);

}  // namespace mutual::tls
