#pragma once
// PKCS#12 written: one file with a key, its certificate and the intermediates, in the algorithms that a target reads.

#include "x509/identity.hpp"
#include "x509/secret.hpp"

#include <mutual/result.hpp>

#include <optional>
#include <string_view>

namespace mutual::x509 {

/// Who is to read the file.
enum class pkcs12_target {
  modern,  ///< AES-256, PBKDF2 and MAC with SHA-256: OpenSSL 1.1, curl, GnuTLS, NSS 3.90 and later, and nearly all
           ///< else.
  legacy,  ///< Triple DES and SHA-1 (RFC 7292's own): everything since the nineties, without OpenSSL's legacy provider.
  macos,   ///< As legacy, which every macOS and iOS imports; before macOS 15 nothing newer. Needs a password.
  windows,  ///< As modern, for Windows 10 1709, Server 2019 and later, and naming the key storage for TLS 1.2 and 1.3.
  java,     ///< As modern, for Java 8u301, 11.0.12, 17 and later. Needs a password of six characters.
};

/// "modern", "legacy", "macos", "windows", "java".
std::string_view to_string(pkcs12_target target);

/// The target of that name; nothing for others.
std::optional<pkcs12_target> pkcs12_target_from_string(std::string_view name);

/// What its algorithms are, in words.
std::string_view describe(pkcs12_target target);

/// Whether a file for the target may go without a password.
bool needs_password(pkcs12_target target);

/// An error (bad_usage) if the target could not open a file with that password: none where one is needed, too short,
/// or, but for `modern`, letters outside ASCII, which programs encode differently.
result<> check_password(pkcs12_target target, std::string_view password);

/// The identity as PKCS#12 for the target. `name` is what certificate stores show. An empty password protects nothing:
/// the file's permissions must. An error if the target would not take the password.
result<secret> to_pkcs12(const identity& who, std::string_view password, std::string_view name,
                         pkcs12_target target = pkcs12_target::modern);

/// Opens a PKCS#12 file's bytes and compares: an error unless it holds this key, this certificate first, and exactly
/// these intermediates. `where` names it in errors.
result<> check_pkcs12(std::string_view bytes, std::string_view password, std::string_view where, const identity& who);

}  // namespace mutual::x509
