#include "client/handshake_error.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace mutual::client {
namespace {

std::string place(const handshake_report& report) {
  return fmt::format("{}:{}", text::printable(report.host), report.port);
}

error not_tls(const handshake_report& report) {
  return {errc::protocol,
          fmt::format("{} does not speak TLS on this port; if it is plain HTTP there, use http:// (nothing is then "
                      "proved or protected)",
                      place(report))};
}

// OpenSSL's own failures in a client's handshake that have a reason of ours.
std::optional<reason> reason_of(int code) {
  switch (code) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_UNKNOWN_PROTOCOL:
    case SSL_R_RECORD_TOO_SMALL:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_ENCRYPTED_LENGTH_TOO_LONG:
      return reason::not_tls;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_UNSUPPORTED_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_BAD_PROTOCOL_VERSION_NUMBER:
      return reason::no_common_protocol;
    case SSL_R_NO_CIPHERS_AVAILABLE:
    case SSL_R_WRONG_CIPHER_RETURNED:
    case SSL_R_UNKNOWN_CIPHER_RETURNED:
    case SSL_R_WRONG_CURVE:
    case SSL_R_WRONG_SIGNATURE_TYPE:
    case SSL_R_DH_KEY_TOO_SMALL:
      return reason::no_common_cipher;
    case SSL_R_BAD_SIGNATURE:
    case SSL_R_DIGEST_CHECK_FAILED:
      return reason::proof_failed;
    default:
      return std::nullopt;
  }
}

diagnosis our_refusal(reason code, std::string_view openssl_says) {
  diagnosis out;
  out.by_us = true;
  out.reasons = {code};
  out.clue = fmt::format("OpenSSL says: {}", openssl_says);
  if (code == reason::proof_failed) {
    out.sentence = "the server does not hold the key of the certificate that it presented";
    out.fault = culprit::server;
    out.fix = "Server's operator: use the key that belongs to the certificate.";
  } else {
    out.sentence = code == reason::no_common_protocol
                       ? "the server speaks no version of TLS that we do (1.2 and 1.3)"
                       : "the server and we have no cipher suite, group or signature algorithm in common";
    out.fix = "Server's operator: allow TLS 1.2 or 1.3 with ECDHE and AES-GCM or ChaCha20.";
  }
  return out;
}

error explain_openssl(unsigned long code, handshake_report& report) {
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  const std::string_view words = text == nullptr ? "nothing" : text;
  const auto known = ERR_GET_LIB(code) == ERR_LIB_SSL ? reason_of(ERR_GET_REASON(code)) : std::nullopt;
  if (known == reason::not_tls) return not_tls(report);
  if (known) {
    report.refusal = our_refusal(*known, words);
    return {errc::tls, to_sentence(*report.refusal)};
  }
  return {errc::tls, fmt::format("the TLS connection to {} broke: OpenSSL says: {}", place(report), words)};
}

}  // namespace

std::string to_sentence(const diagnosis& refusal) {
  auto out = refusal.sentence;
  for (std::size_t at = 0; at < refusal.reasons.size(); ++at) {
    out += fmt::format("{}{}", at == 0 ? ": " : " or ", to_string(refusal.reasons[at]));
  }
  if (!refusal.clue.empty()) out += fmt::format(" ({})", refusal.clue);
  return out;
}

error explain_handshake(tls::io_status status, unsigned long code, std::optional<int> alert, handshake_report& report) {
  if (alert) {
    report.refusal = diagnose_alert(*alert, report);
    return {errc::tls, to_sentence(*report.refusal)};
  }
  if (report.server_verdict && !*report.server_verdict && !report.any_server_accepted) {
    report.refusal = diagnose_verdict(report);
    return {errc::tls, to_sentence(*report.refusal)};
  }
  switch (status) {
    case tls::io_status::timed_out:
      return {errc::timed_out,
              fmt::format("{} answered the connection but did not finish the handshake in time: see whether it speaks "
                          "TLS on this port, and whether it is overloaded",
                          place(report))};
    case tls::io_status::cancelled:
      return {errc::closed, "we are closing"};
    case tls::io_status::ended:
    case tls::io_status::cut_off:
      report.refusal = diagnose_silence(report);
      return {errc::closed, to_sentence(*report.refusal)};
    case tls::io_status::ok:
    case tls::io_status::would_block:
    case tls::io_status::failed:
      break;
  }
  return explain_openssl(code, report);
}

}  // namespace mutual::client
