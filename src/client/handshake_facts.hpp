#pragma once
// From OpenSSL's objects to the report.

#include "client/handshake_report.hpp"
#include "tls/client_context.hpp"

#include <openssl/ssl.h>

#include <string>

namespace mutual::client {

/// Puts into the report what is known of the handshake by now.
void fill_report(handshake_report& report, SSL* ssl, const tls::server_facts& facts, const tls::client_context& by,
                 const std::string& judged_by);

}  // namespace mutual::client
