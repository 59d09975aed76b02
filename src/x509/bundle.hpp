#pragma once
// bundle: what a file of keys and certificates holds, whatever its format.

#include "x509/certificate.hpp"
#include "x509/crl.hpp"
#include "x509/key.hpp"
#include "x509/lookup_list.hpp"
#include "x509/request.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace mutual::x509 {

/// What was found, in the file's order; but of a file with a key, the certificate of that key comes first.
struct bundle {
  std::optional<private_key> key;
  std::vector<certificate> certificates;
  std::vector<crl> crls;
  std::vector<lookup_list> lookup_lists;  ///< In place of `crls`, where lists to judge by were asked for.
  std::vector<request> requests;

  bool empty() const {
    return !key && certificates.empty() && crls.empty() && lookup_lists.empty() && requests.empty();
  }
};

/// What untrusted bytes may cost.
struct bundle_limits {
  /// Rounds of key derivation, over the whole file: a few seconds' work. A file that asks for more is refused unread.
  long key_derivation_rounds = 5'000'000;
};

/// Reads PEM (any mix of blocks), DER (a certificate, a key, a revocation list or a request) or PKCS#12, told apart by
/// content. `password` opens what is encrypted; empty for none (a PKCS#12 with an empty password opens then).
/// `where` names the bytes in errors, which tell apart: empty, no known format, damaged, password missing, password
/// wrong, algorithm not supported. Does no input or output.
result<bundle> read_bundle(std::string_view bytes, std::string_view password, std::string_view where,
                           const bundle_limits& limits = {});

/// The same for a file.
result<bundle> load_bundle(const std::filesystem::path& path, std::string_view password = {});

/// The certificates of a file, at least one; an error if there is none.
result<std::vector<certificate>> load_certificates(const std::filesystem::path& path);

/// The revocation lists of a file, at least one; an error if there is none.
result<std::vector<crl>> load_crls(const std::filesystem::path& path);

}  // namespace mutual::x509
