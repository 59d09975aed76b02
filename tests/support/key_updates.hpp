#pragma once
// Records that OpenSSL makes on request and that are not sent yet: a flood of them in one piece.

#include <openssl/ssl.h>

#include <functional>
#include <string>

namespace mutual::test {

/// What `make` has this SSL write, in place of its being sent.
std::string written_by(SSL* ssl, const std::function<void()>& make);

/// So many key updates (RFC 8446 section 4.6.3), each a record; `kind` is OpenSSL's SSL_KEY_UPDATE_…. Throws if this
/// SSL cannot make them.
std::string key_updates(SSL* ssl, int count, int kind);

}  // namespace mutual::test
