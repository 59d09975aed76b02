#pragma once
// init: a PKI made from nothing, whole or not at all.

#include "authority/pki.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace mutual::authority {

/// A CA that was made elsewhere, and becomes the PKI's.
struct existing_ca {
  x509::identity ca;                          ///< Its key and certificate, and the intermediates above that were found.
  std::vector<x509::certificate> above;       ///< Certificates among which its root is, unless it is one itself.
  std::optional<x509::private_key> root_key;  ///< Of an intermediate: its root's, if the PKI is to have it.
  bool leave_root_key = false;                ///< Of a root: its key is used now, and not kept in the PKI.
  std::vector<x509::crl> lists;               ///< The last revocation lists of these CAs.
  std::string token_uri;                      ///< Of an intermediate whose key is in a token: where.
};

struct init_request {
  std::filesystem::path folder;
  std::string organization = "Mutual";
  /// DNS names and IP addresses of the first server; none for localhost. The first that is no wildcard names its files.
  std::vector<std::string> hosts;
  /// The first clients.
  std::vector<std::string> clients;
  /// No CA: each certificate signs itself, and trust.crt holds them all, to be pinned one by one.
  bool self_signed = false;
  x509::key_kind kind = x509::key_kind::p256;
  x509::secret p12_password;
  /// A file of limits (authority.toml) for the new PKI; empty for none.
  std::filesystem::path limits;
  /// Where the intermediate's key is, if it is in a PKCS#11 token; empty for a new one.
  std::string token_uri;
  /// Encrypts the root's key; empty for a key in the open.
  x509::secret root_password;
  /// Where the root's key is written; empty for root.key in the folder.
  std::filesystem::path root_key_file;
  /// Makes the PKI of this CA, and no new root. Without hosts there is no first server then.
  std::optional<existing_ca> existing;
  /// The URL of a PostgreSQL database for the inventory; empty for an SQLite file in the folder.
  std::string store;
};

/// What was made; paths are in the request's folder.
struct made_pki {
  layout places;
  std::vector<x509::certificate> authorities;  ///< Root, intermediate, what is between; empty for self-signed ones.
  std::vector<issued_certificate> issued;      ///< The server first, then the clients.
};

/// Makes a PKI in a folder that is empty or not there yet. It is built beside it and then renamed whole: when this
/// fails, nothing is left behind, and a folder with something in it is left as it is (already_exists).
result<made_pki> init(const init_request& request);

}  // namespace mutual::authority
