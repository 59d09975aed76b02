#include "tls/reason_alert.hpp"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace mutual::tls {

std::optional<int> alert_for(reason code, version spoken) {
  switch (code) {
    case reason::no_certificate:
      // TLS 1.3 has an alert of its own; RFC 5246 section 7.4.6 names handshake_failure.
      return spoken == version::v1_3 ? SSL_AD_CERTIFICATE_REQUIRED : SSL_AD_HANDSHAKE_FAILURE;
    case reason::unknown_issuer:
    case reason::intermediate_missing:
    case reason::self_signed:
      // "a valid certificate chain or partial chain was received, but the certificate was not accepted because the CA
      // certificate could not be located or could not be matched with a known trust anchor"
      return SSL_AD_UNKNOWN_CA;
    case reason::expired:
    case reason::not_yet_valid:
      // "A certificate has expired or is not currently valid."
      return SSL_AD_CERTIFICATE_EXPIRED;
    case reason::wrong_purpose:
      // "A certificate was of an unsupported type."
      return SSL_AD_UNSUPPORTED_CERTIFICATE;
    case reason::revoked:
      return SSL_AD_CERTIFICATE_REVOKED;
    case reason::revocation_unknown:
    case reason::revocation_stale:
      // "Some other (unspecified) issue arose in processing the certificate, rendering it unacceptable": the fault is
      // ours, so nothing that would blame the client's certificate.
      return SSL_AD_CERTIFICATE_UNKNOWN;
    case reason::bad_signature:
    case reason::weak_key:
    case reason::constraint_violated:
    case reason::malformed:
      // "A certificate was corrupt, contained signatures that did not verify correctly, etc."; for weak digests
      // section 4.4.2.4 asks for it by name.
      return SSL_AD_BAD_CERTIFICATE;
    case reason::proof_failed:
      // "A handshake (not record layer) cryptographic operation failed, including being unable to correctly verify a
      // signature"
      return SSL_AD_DECRYPT_ERROR;
    case reason::policy_denied:
      // "A valid certificate or PSK was received, but when access control was applied, the sender decided not to
      // proceed with negotiation."
      return SSL_AD_ACCESS_DENIED;
    case reason::no_common_protocol:
      return SSL_AD_PROTOCOL_VERSION;  // OpenSSL itself sends no_application_protocol (120) when it is ALPN.
    case reason::no_common_cipher:
      return SSL_AD_HANDSHAKE_FAILURE;
    case reason::not_tls:
    case reason::handshake_timeout:
    case reason::probe:
      break;
  }
  return std::nullopt;
}

std::optional<int> verify_error_for(reason code) {
  // OpenSSL maps the error to the alert in ssl_x509err2alert (ssl/statem/statem_lib.c); what its table lacks becomes
  // certificate_unknown.
  const auto alert = alert_for(code);
  if (!alert) return std::nullopt;
  switch (*alert) {
    case SSL_AD_UNKNOWN_CA:
      return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    case SSL_AD_CERTIFICATE_EXPIRED:
      return X509_V_ERR_CERT_HAS_EXPIRED;  // X509_V_ERR_CERT_NOT_YET_VALID gives 42.
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
      return X509_V_ERR_INVALID_PURPOSE;
    case SSL_AD_CERTIFICATE_REVOKED:
      return X509_V_ERR_CERT_REVOKED;
    case SSL_AD_CERTIFICATE_UNKNOWN:
      return X509_V_ERR_DIFFERENT_CRL_SCOPE;  // Not in the table, of all the CRL errors.
    case SSL_AD_BAD_CERTIFICATE:
      return X509_V_ERR_CERT_REJECTED;
    case SSL_AD_ACCESS_DENIED:
      return X509_V_ERR_APPLICATION_VERIFICATION;  // 40: none gives 49.
    default:
      return std::nullopt;
  }
}

}  // namespace mutual::tls
