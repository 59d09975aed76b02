#include "tls/handshake_failure.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace mutual::tls {
namespace {

// OpenSSL's reasons that stand for one cause of ours. What is not here is malformed: not understood, so refused.
std::optional<reason> reason_of(int code) {
  switch (code) {
    case SSL_R_BAD_SIGNATURE:
    case SSL_R_WRONG_SIGNATURE_SIZE:
    case SSL_R_WRONG_SIGNATURE_TYPE:
    case SSL_R_SIGNATURE_FOR_NON_SIGNING_CERTIFICATE:
    case SSL_R_DIGEST_CHECK_FAILED:
      return reason::proof_failed;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_UNSUPPORTED_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_INAPPROPRIATE_FALLBACK:
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return reason::no_common_protocol;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_CIPHERS_SPECIFIED:
    case SSL_R_NO_CIPHERS_AVAILABLE:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
      return reason::no_common_cipher;
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_UNKNOWN_PROTOCOL:
    case SSL_R_RECORD_TOO_SMALL:
      return reason::not_tls;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string alert_name(int alert) {
  // The names of RFC 8446 section 6 and RFC 7301; OpenSSL's own are of SSL's time ("sslv3 alert bad certificate").
  switch (alert) {
    case 0:
      return "close_notify";
    case 10:
      return "unexpected_message";
    case 20:
      return "bad_record_mac";
    case 22:
      return "record_overflow";
    case 40:
      return "handshake_failure";
    case 42:
      return "bad_certificate";
    case 43:
      return "unsupported_certificate";
    case 44:
      return "certificate_revoked";
    case 45:
      return "certificate_expired";
    case 46:
      return "certificate_unknown";
    case 47:
      return "illegal_parameter";
    case 48:
      return "unknown_ca";
    case 49:
      return "access_denied";
    case 50:
      return "decode_error";
    case 51:
      return "decrypt_error";
    case 70:
      return "protocol_version";
    case 71:
      return "insufficient_security";
    case 80:
      return "internal_error";
    case 86:
      return "inappropriate_fallback";
    case 90:
      return "user_canceled";
    case 109:
      return "missing_extension";
    case 110:
      return "unsupported_extension";
    case 112:
      return "unrecognized_name";
    case 113:
      return "bad_certificate_status_response";
    case 115:
      return "unknown_psk_identity";
    case 116:
      return "certificate_required";
    case 120:
      return "no_application_protocol";
    default:
      return fmt::format("alert {}", alert);
  }
}

handshake_failure explain_failure(io_status status, unsigned long code) {
  switch (status) {
    case io_status::timed_out:
      return {reason::handshake_timeout, "the handshake was not finished in time"};
    case io_status::cancelled:
      return {std::nullopt, "the server is shutting down"};
    case io_status::ended:
    case io_status::cut_off:
      return {std::nullopt, "the client closed the connection in the middle of the handshake"};
    case io_status::ok:
    case io_status::would_block:
    case io_status::failed:
      break;
  }
  const int number = ERR_GET_REASON(code);
  const bool from_ssl = ERR_GET_LIB(code) == ERR_LIB_SSL;
  if (from_ssl && number >= SSL_AD_REASON_OFFSET) {
    const int alert = number - SSL_AD_REASON_OFFSET;
    auto detail = fmt::format("the client gave up with the alert {}", alert_name(alert));
    if (alert == SSL_AD_UNKNOWN_CA || alert == SSL_AD_BAD_CERTIFICATE || alert == SSL_AD_CERTIFICATE_UNKNOWN) {
      detail += ": it does not trust this server's certificate; give it the CA's (curl: --cacert pki/trust.crt)";
    }
    return {std::nullopt, std::move(detail)};
  }
  if (from_ssl && number == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    return {reason::no_certificate, "the client sent no certificate, and this service lets in nobody without one"};
  }
  if (from_ssl && number == SSL_R_CALLBACK_FAILED) {
    // The one callback that may fail is ours that reads the ClientHello.
    return {reason::malformed,
            "the server name (SNI) that the client asked for is malformed (RFC 6066, 3): it must be one DNS name"};
  }
  const char* words = code == 0 ? nullptr : ERR_reason_error_string(code);
  return {from_ssl ? reason_of(number).value_or(reason::malformed) : reason::malformed,
          fmt::format("OpenSSL says: {}", words == nullptr ? "nothing" : words)};
}

}  // namespace mutual::tls
