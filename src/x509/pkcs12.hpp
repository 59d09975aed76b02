#pragma once
// PKCS#12 written: one file with a key, its certificate and the intermediates.

#include "x509/identity.hpp"
#include "x509/secret.hpp"

#include <mutual/result.hpp>

#include <string_view>

namespace mutual::x509 {

/// The identity as PKCS#12: AES-256 and PBKDF2 with SHA-256, a SHA-256 MAC; OpenSSL 1.1 and later, curl, Java 8u301 and
/// later, GnuTLS, macOS 15 and Windows Server 2022 open it. `name` is what certificate stores show. An empty password
/// protects nothing: the file's permissions must.
result<secret> to_pkcs12(const identity& who, std::string_view password, std::string_view name);

}  // namespace mutual::x509
