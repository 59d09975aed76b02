#pragma once
// What a handshake that failed means, in one sentence.

#include "client/handshake_report.hpp"
#include "tls/stream.hpp"

#include <mutual/error.hpp>

#include <optional>

namespace mutual::client {

/// Why the handshake, or a read or write after it, ended with `status`; `code` is OpenSSL's error, `alert` the server's
/// fatal alert if it has sent one. Puts the diagnosis into the report if one side has refused the other.
error explain_handshake(tls::io_status status, unsigned long code, std::optional<int> alert, handshake_report& report);

/// The diagnosis in one line: "the server refused us with the alert unknown_ca (48), …: unknown_issuer (…)".
std::string to_sentence(const diagnosis& refusal);

}  // namespace mutual::client
