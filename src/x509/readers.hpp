#pragma once
// The readers behind read_bundle, one a format. Each adds what it finds to the bundle.

#include "x509/bundle.hpp"
#include "x509/decryptor.hpp"

#include <string_view>

namespace mutual::x509 {

/// How revocation lists are put into the bundle.
enum class lists { whole, to_judge_by };

result<> read_pem(std::string_view text, lists as, decryptor& opener, bundle& into);
result<> read_der(std::string_view der, lists as, decryptor& opener, bundle& into);
result<> read_pkcs12(PKCS12* file, decryptor& opener, bundle& into);

/// Puts a revocation list into the bundle; false if it is none.
bool add_list(std::string_view der, lists as, bundle& into);

/// The error for what is larger than `limit` bytes.
error too_large(const decryptor& opener, std::size_t limit);

/// Puts the key into the bundle; an error if there is one already.
result<> add_key(pkey_ptr key, const decryptor& opener, bundle& into);
/// The same from PKCS#8.
result<> add_key(const PKCS8_PRIV_KEY_INFO* key, const decryptor& opener, bundle& into);

}  // namespace mutual::x509
