#pragma once
// From certificates to a peer: every text that a program may base a decision on is made here, once, and checked.

#include "x509/name.hpp"
#include "x509/openssl.hpp"

#include <mutual/peer.hpp>
#include <mutual/result.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace mutual::x509 {

/// The most subject alternative names that a certificate may carry: far above any real one.
inline constexpr int most_alternative_names = 1024;

/// The peer of a chain that has been judged good: leaf first, anchor last. An error (bad_input) if the leaf's names
/// cannot be told safely: NULs or other control characters in the subject or in a name, names that are not ASCII where
/// RFC 5280 wants IA5String, an address that is neither 4 nor 16 bytes, or more than `most_alternative_names`.
result<std::shared_ptr<const peer>> make_peer(std::span<X509* const> chain);

/// The serial in lower-case hex, without leading zeros ("0" for zero, "-1f" for negative ones).
std::string serial_text(const X509* certificate);
std::string serial_text(const ASN1_INTEGER* serial);

/// The SHA-256 of the whole certificate, 32 bytes.
std::string sha256(const X509* certificate);

/// A certificate's time; nothing if it is not one of the two forms that RFC 5280 section 4.1.2.5 allows.
std::optional<std::chrono::sys_seconds> to_time(const ASN1_TIME* time);

}  // namespace mutual::x509
