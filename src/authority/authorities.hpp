#pragma once
// The root and the intermediate of a new PKI.

#include "authority/init.hpp"
#include "authority/limits.hpp"
#include "x509/identity.hpp"

#include <mutual/result.hpp>

#include <vector>

namespace mutual::authority {

/// The CAs of a new PKI, recorded and written, but for the root's key.
struct made_authorities {
  std::vector<x509::certificate> all;  ///< The root first, then the intermediate.
  x509::identity root;                 ///< While its key is at hand.
};

/// Makes a root and an intermediate.
result<made_authorities> make_authorities(const init_request& request, const limits& by, const layout& places,
                                          inventory& in);

/// Makes an intermediate's certificate and key below a root, with the names that may be issued as its constraints.
result<x509::identity> make_intermediate(const x509::distinguished_name& subject, x509::key_kind kind, const limits& by,
                                         const x509::identity& root);

/// Writes the key of a root into a new file; encrypted, unless the password is empty.
result<> write_root_key(const x509::private_key& key, std::string_view password, const std::filesystem::path& path);

}  // namespace mutual::authority
