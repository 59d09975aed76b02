#pragma once
// Public keys that nobody makes by accident.

#include "support/pki.hpp"

#include <string>

namespace mutual::test {

/// Of 2048 bits, with that exponent (in hexadecimal) and that last octet of the modulus; no prime was looked for.
key make_rsa_key_of(const char* exponent, unsigned char last_of_modulus = 1);
/// Of 2048 bits, with the exponent 1 and its private half, which is 1.
key make_rsa_key_of_one();
/// An Ed25519 or Ed448 key (EVP_PKEY_ED25519, EVP_PKEY_ED448) of those bytes.
key make_raw_key(int kind, const std::string& bytes);
/// The point of Ed25519 that stands for nothing: R = this and S = 0 is a signature of whatever is signed.
key make_ed25519_identity();

}  // namespace mutual::test
