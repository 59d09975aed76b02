#pragma once
// The names of TLS signature algorithms.

#include <cstdint>
#include <string>

namespace mutual::tls {

/// The name of a SignatureScheme ("ecdsa_secp256r1_sha256", RFC 8446 section 4.2.3), or its
/// code in hexadecimal ("0xfe0b") for one that we know no name for.
std::string signature_scheme_name(std::uint16_t scheme);

}  // namespace mutual::tls
