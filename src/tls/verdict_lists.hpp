#pragma once
// What OpenSSL is told of compact revocation lists, whose entries it does not see.

#include "tls/trust.hpp"
#include "x509/openssl.hpp"

namespace mutual::tls {

/// Who asks OpenSSL: what the application data of each X509_STORE_CTX over trust::store() points to.
struct questioner {
  const trust* by;
};

/// For X509_STORE_set_cert_crl: whether the list revokes that certificate.
int look_up(X509_STORE_CTX* context, X509_CRL* list, X509* one) noexcept;

/// After X509_V_ERR_CRL_SIGNATURE_FAILURE: whether the issuer that OpenSSL has found has signed the list that it is at,
/// if that is a compact one. Of any other, OpenSSL has seen the signature itself.
bool is_signed_all_the_same(X509_STORE_CTX* context) noexcept;

}  // namespace mutual::tls
