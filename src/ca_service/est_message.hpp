#pragma once
// est_message: what EST sends and receives (RFC 7030 section 4, as RFC 8951 makes it plain).

#include "authority/limits.hpp"
#include "x509/certificate.hpp"
#include "x509/key.hpp"
#include "x509/request.hpp"

#include <mutual/response.hpp>
#include <mutual/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace mutual::ca_service {

/// The certificate signing request in a body: base64 of its DER, in lines or not. An error (bad_input) says what to
/// send instead. Nothing in it is judged.
result<x509::request> read_est_request(std::string_view body);

/// Certificates as "certs-only" PKCS#7.
result<response> est_certificates(const std::vector<x509::certificate>& all);

/// A key that was made here, and the certificate for it: two parts, the key as PKCS#8 (RFC 7030 section 4.4.2).
result<response> est_key_and_certificate(const x509::private_key& key, const x509::certificate& leaf);

/// What a request should hold (RFC 7030 section 4.5.2): the kinds of keys that are certified here.
response est_attributes(const authority::limits& by);

}  // namespace mutual::ca_service
