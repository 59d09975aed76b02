#pragma once
// What a PKCS#12 file is protected with, as its outside says: no password is needed to see it.

#include <mutual/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::x509 {

/// One encrypted part of the file, or one that is not.
struct pkcs12_part {
  bool holds_keys = false;  ///< A key of its own; else a safe of certificates (or of anything).
  std::string cipher;       ///< "AES-256-CBC", "pbeWithSHA1And40BitRC2-CBC"; empty if it is not encrypted.
  std::string prf;          ///< PBKDF2's: "hmacWithSHA256"; empty for others.
  long rounds = 0;          ///< Of key derivation.
};

struct pkcs12_algorithms {
  std::string mac;  ///< "SHA2-256", "SHA1", "PBMAC1"; empty if there is none.
  long mac_rounds = 0;
  std::vector<pkcs12_part> parts;
};

/// What the bytes are protected with; nothing if they are no PKCS#12 file in DER. Derives no key.
std::optional<pkcs12_algorithms> pkcs12_algorithms_of(std::string_view bytes);

}  // namespace mutual::x509
