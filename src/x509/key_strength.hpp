#pragma once
// weakness_of: whether a public key can prove anything.

#include "x509/openssl.hpp"

#include <optional>
#include <string>

namespace mutual::x509 {

/// Whose key is asked about. An anchor is believed for being in the trust, and some that the world trusts were made
/// with smaller exponents than anybody makes today.
enum class key_of { anybody, anchor };

/// What is wrong with a public key, as the end of a sentence that begins with it ("has the public exponent 1, …").
/// Nothing if it is of a kind and a size that TLS takes, and a signature that verifies with it shows that somebody
/// holds a private key: there are public keys, well-formed ones, with which everybody can sign. An unreadable one
/// (null) is weak. Takes a few microseconds.
std::optional<std::string> weakness_of(const EVP_PKEY* key, key_of whose = key_of::anybody);

}  // namespace mutual::x509
