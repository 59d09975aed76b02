#pragma once
// token_key: a CA's key that lives in a PKCS#11 token, and never leaves it. Its file holds a URI in place of the key.

#include "authority/token_uri.hpp"
#include "x509/identity.hpp"
#include "x509/key.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace mutual::authority {

/// Opens the private key that the URI names, as "pkcs11:token=acme;object=intermediate". The token's PIN comes from the
/// first line of the file that `?pin-source=` names, else from $MUTUAL_PIN, else OpenSSL asks for it on the terminal; a
/// URI that holds the PIN itself is refused. `module-path=` names the token's library; without it p11-kit knows it.
result<x509::private_key> open_token_key(std::string_view uri);

/// A CA with its key, which is in the file, or in the token whose URI the file holds.
result<x509::identity> load_ca(const std::filesystem::path& certificate, const std::filesystem::path& key);

}  // namespace mutual::authority
