#pragma once
// A private key written so that it is of no use without its password.

#include "x509/key.hpp"
#include "x509/secret.hpp"

#include <mutual/result.hpp>

#include <string_view>

namespace mutual::x509 {

/// The key as PKCS#8 PEM, encrypted with AES-256 and scrypt ("BEGIN ENCRYPTED PRIVATE KEY"); bad_usage for an empty
/// password.
result<secret> encrypted_pem(const private_key& key, std::string_view password);

}  // namespace mutual::x509
