#pragma once
// What OpenSSL is told of compact revocation lists, whose entries it does not see.

#include "tls/trust.hpp"
#include "x509/openssl.hpp"

namespace mutual::tls {

/// Who asks OpenSSL: what the application data of each X509_STORE_CTX over trust::store() points to.
struct questioner {
  const trust* by;
  /// The compact list that OpenSSL's own check is at now; null if it is at another, or at none.
  const x509::lookup_list* checks = nullptr;
};

/// For X509_STORE_set_check_crl: whether that list can be relied on. OpenSSL says so of all but a compact list's
/// signature, about which we alone decide: it must be the issuer's, whatever OpenSSL thinks.
int check_list(X509_STORE_CTX* context, X509_CRL* list) noexcept;

/// For X509_STORE_set_cert_crl: whether the list revokes that certificate.
int look_up(X509_STORE_CTX* context, X509_CRL* list, X509* one) noexcept;

/// After X509_V_ERR_CRL_SIGNATURE_FAILURE: whether OpenSSL complains of the empty signature of a compact list, which
/// means nothing. check_list() asks for the true one after it.
bool is_about_an_empty_signature(X509_STORE_CTX* context) noexcept;

}  // namespace mutual::tls
