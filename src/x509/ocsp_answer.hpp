#pragma once
// ocsp_answer: asking whether a certificate is revoked, and what an answer is worth (RFC 6960).

#include "base/clock.hpp"
#include "x509/certificate.hpp"
#include "x509/ocsp.hpp"

#include <mutual/result.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mutual::x509 {

/// A certificate and the CA that has issued it.
struct ocsp_subject {
  certificate about;
  certificate issuer;
};

/// What goes to a responder.
struct ocsp_errand {
  std::string der;
  std::string nonce;  ///< What is in it, so that the answer can be told from an older one; 32 octets (RFC 9654).
};

/// A question about one certificate. An error if OpenSSL cannot make one.
result<ocsp_errand> make_ocsp_errand(const ocsp_subject& subject);

/// What an answer that counts says of one certificate.
struct ocsp_statement {
  ocsp_fact::status is = ocsp_fact::status::unknown;
  sys_seconds revoked_at{};
  int reason = 0;  ///< RFC 5280 section 5.3.1; 0 if it is not said.
  sys_seconds this_update{};
  /// Nothing: the responder says that there is always something newer (RFC 6960 section 2.4).
  std::optional<sys_seconds> next_update{};
  certificate signer;  ///< The CA itself, or the responder that it has authorized.
};

/// What an answer is held against.
struct ocsp_terms {
  sys_seconds at = now();
  std::string nonce{};  ///< As it was sent; empty if none was.
  /// By how much the responder's clock may differ from ours.
  std::chrono::seconds tolerance{60};
  /// Beyond, an answer is not looked at: real ones have 500 to 5000 bytes.
  std::size_t most_bytes = std::size_t{64} * 1024;
};

/// Reads an answer, and believes it only if it counts: it is whole; it speaks of that certificate of that CA, once; it
/// is signed by the CA, or by a responder whose certificate the CA itself has issued for that purpose (RFC 6960
/// sections 3.2 and 4.2.2.2), has not ended and has a strong key; the signature is no MD5 or SHA-1; it is of now; and
/// it has the nonce that was sent, or none (RFC 5019 section 4: many responders sign in advance). An error says what is
/// wrong: bad_input, or `closed` if the responder has refused to answer.
result<ocsp_statement> read_ocsp_answer(std::string_view der, const ocsp_subject& subject, const ocsp_terms& terms);

}  // namespace mutual::x509
