#pragma once
// Why somebody was refused: one code a cause, the same in the log, the client tool and the docs.

#include <optional>
#include <string_view>

namespace mutual {

/// The one cause for which a connection or a request was refused. Codes are stable: programs may match on their names.
enum class reason {
  no_certificate,        ///< The client sent no certificate, and one is required.
  unknown_issuer,        ///< Nobody that we trust has issued it.
  intermediate_missing,  ///< We know its issuer, but the client did not send the certificates in between.
  self_signed,           ///< Signed by itself, and not pinned here.
  expired,               ///< Past its notAfter.
  not_yet_valid,         ///< Before its notBefore.
  wrong_purpose,         ///< Not meant for this use (key usage or extended key usage).
  revoked,               ///< On its issuer's revocation list.
  revocation_unknown,    ///< There is no revocation list of its issuer here: our fault, not the client's.
  revocation_stale,      ///< The revocation list is past its date: our fault, not the client's.
  bad_signature,         ///< A signature in the chain does not verify.
  weak_key,              ///< A key or a digest in the chain is too weak.
  constraint_violated,   ///< A rule of RFC 5280 or of a CA in the chain is broken (names, depth, CA flag, extensions).
  malformed,             ///< Not a certificate that can be read.
  proof_failed,          ///< The client does not hold the certificate's key.
  policy_denied,         ///< A good certificate, but its bearer may not do this.
  no_common_protocol,    ///< No TLS version, or no application protocol, in common.
  no_common_cipher,      ///< No cipher suite, group or signature algorithm in common.
  not_tls,               ///< Something else than TLS arrived on a TLS port.
  handshake_timeout,     ///< The handshake was not finished in time.
  probe,                 ///< The connection was closed before it said anything; counted, not logged.
};

/// The code as it is written everywhere ("unknown_issuer").
std::string_view to_string(reason code);

/// The code with that name, if there is one.
std::optional<reason> reason_from_string(std::string_view name);

/// One sentence that says what the code means, for whoever reads the log.
std::string_view meaning(reason code);

/// One sentence that says what would mend it, and who can.
std::string_view remedy(reason code);

/// Whether the fault lies with the server that refuses, not with the client that was refused.
bool is_servers_fault(reason code);

}  // namespace mutual
