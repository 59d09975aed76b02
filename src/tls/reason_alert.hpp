#pragma once
// Which TLS alert tells a client each reason, and how to have OpenSSL send it.

#include <mutual/reason.hpp>
#include <mutual/tls.hpp>

#include <optional>

namespace mutual::tls {

/// The alert's number (RFC 8446 section 6) that tells the other end this reason; nothing if there is nobody who would
/// understand one (`not_tls`, `probe`) or nothing to say (`handshake_timeout`: the connection is just closed).
/// Several reasons share an alert, since there are fewer alerts than reasons; the log has the reason itself.
std::optional<int> alert_for(reason code, version spoken = version::v1_3);

/// The X509_V_ERR_* value that, set by a certificate verify callback (X509_STORE_CTX_set_error), makes OpenSSL 3.0 to
/// 3.5 send `alert_for(code)`. Nothing for reasons that a certificate verify callback does not find; where OpenSSL has
/// no value for the alert (`policy_denied`: access_denied), the value of the nearest one (handshake_failure).
std::optional<int> verify_error_for(reason code);

}  // namespace mutual::tls
