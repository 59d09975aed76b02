#pragma once
// The root and the intermediate of a new PKI.

#include "authority/init.hpp"
#include "authority/limits.hpp"
#include "x509/identity.hpp"

#include <mutual/result.hpp>

#include <chrono>
#include <optional>
#include <vector>

namespace mutual::authority {

/// How long a root lasts that is made here.
inline constexpr std::chrono::days root_lifetime{3650};

/// The CAs of a new PKI.
struct made_authorities {
  x509::certificate root;
  x509::identity issuer;  ///< The intermediate, and those above it but for the root.
  /// While it is at hand; nothing if it is elsewhere.
  std::optional<x509::private_key> root_key;
  /// Serial numbers of those that were made elsewhere.
  std::vector<std::string> imported = {};
  /// Of an intermediate whose key is in a token: what its key's file holds.
  std::string token_uri;

  /// The root first, then the intermediate, then those above it.
  std::vector<x509::certificate> all() const;
};

/// The keys of the CAs that a new PKI makes.
struct ca_keys {
  std::optional<x509::private_key> root, intermediate;
};

/// Makes those that are needed, before anybody has to wait for what they are for: an RSA key may take a minute.
result<ca_keys> make_ca_keys(const init_request& request);

/// Makes a root and an intermediate of these keys, records and writes them, but for the root's key.
result<made_authorities> make_authorities(const init_request& request, const ca_keys& keys, const limits& by,
                                          const layout& places, inventory& in);

/// Records CAs and writes their files, but for the root's key, in an order that leaves no certificate without its key.
result<> write_authorities(const made_authorities& made, const layout& places, inventory& in);

/// An intermediate's key: a new one, or the one in a token that the URI names.
result<x509::private_key> intermediate_key(x509::key_kind kind, const std::string& token_uri);

/// Makes an intermediate's certificate below a root, with the names that may be issued as its constraints.
result<x509::identity> make_intermediate(const x509::distinguished_name& subject, const x509::private_key& key,
                                         const limits& by, const x509::identity& root);

/// What goes into the file of an intermediate's key: the key, or where it is.
x509::secret key_file_of(const x509::private_key& key, const std::string& token_uri);

/// An error (bad_input) that says why whatever that CA issued would be refused, or could not be revoked.
result<> check_usable(const x509::certificate& one);

/// Writes the key of a root into a new file; encrypted, unless the password is empty.
result<> write_root_key(const x509::private_key& key, std::string_view password, const std::filesystem::path& path);

}  // namespace mutual::authority
