#pragma once
// OpenSSL's TLS objects, owned.

#include "x509/openssl.hpp"

#include <openssl/ssl.h>

namespace mutual::tls {

using ssl_ptr = std::unique_ptr<SSL, x509::freed_by<SSL_free>>;
using ssl_ctx_ptr = std::unique_ptr<SSL_CTX, x509::freed_by<SSL_CTX_free>>;
using ssl_session_ptr = std::unique_ptr<SSL_SESSION, x509::freed_by<SSL_SESSION_free>>;

}  // namespace mutual::tls
