#pragma once
// What a certificate signing request from elsewhere must be before an authority considers it.

#include "x509/request.hpp"

#include <mutual/peer.hpp>
#include <mutual/result.hpp>

namespace mutual::x509 {

/// The alternative names that a request asks for, each well-formed and of a kind that we know. An error (bad_input) if
///
///   - it does not prove that its sender holds the key (RFC 2986 section 3);
///   - the key is weak (see weakness_of()) or of a kind that TLS peers do not take: RSA above 8192 bits, curves but
///     P-256, P-384 and P-521, anything but RSA, ECDSA and Ed25519;
///   - it asks to be a CA, or to sign certificates or revocation lists;
///   - its names are not well-formed, of other kinds, or more than a hundred.
///
/// Nothing that it asks for is granted by that.
result<alternative_names> checked_request(const request& one);

/// The same for a request in the place of whose key another is made: neither its key nor its signature is looked at
/// (RFC 7030 section 4.4.1).
result<alternative_names> checked_wishes(const request& one);

/// Whether the request asks that a key which is made for it be sent encrypted with another one that its sender has:
/// DecryptKeyIdentifier or AsymmetricDecryptKeyIdentifier (RFC 7030 sections 4.4.1.1 and 4.4.1.2).
bool asks_for_encrypted_key(const request& one);

}  // namespace mutual::x509
