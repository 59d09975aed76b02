#pragma once
// token_uri: what the URI of a key in a PKCS#11 token says (RFC 7512). Nothing is opened here, and no file read.

#include <mutual/result.hpp>

#include <string>
#include <string_view>

namespace mutual::authority {

/// What a URI asks for: the key itself, and how to come to it.
struct token_uri {
  std::string key;         ///< What stands before the question mark, for a private key.
  std::string module;      ///< The token's library; empty for the one that p11-kit knows.
  std::string pin_source;  ///< The file whose first line is the PIN; empty for none.
};

/// Whether that is the URI of a key in a token, and no key and no file.
bool names_token_key(std::string_view text);

/// Reads a URI. An error (bad_usage) says what is wrong, and never repeats what may be a PIN; one that holds the PIN
/// itself is refused.
result<token_uri> read_token_uri(std::string_view uri);

}  // namespace mutual::authority
