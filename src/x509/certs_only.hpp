#pragma once
// certs_only: certificates as PKCS#7 without a signature, as EST and others hand them out.

#include "x509/certificate.hpp"
#include "x509/key.hpp"
#include "x509/secret.hpp"

#include <mutual/result.hpp>

#include <string>
#include <vector>

namespace mutual::x509 {

/// A "certs-only" CMS message (RFC 5751 section 3.8), DER, with these certificates and nothing else.
result<std::string> certs_only(const std::vector<certificate>& all);

/// A private key as PKCS#8 (RFC 5958), DER, not encrypted.
result<secret> pkcs8_der(const private_key& key);

}  // namespace mutual::x509
