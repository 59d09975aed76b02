#pragma once
// ocsp: questions whether certificates are revoked, and signed answers to them (RFC 6960).

#include "base/clock.hpp"
#include "x509/certificate.hpp"
#include "x509/identity.hpp"
#include "x509/openssl.hpp"

#include <mutual/result.hpp>

#include <openssl/ocsp.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::x509 {

/// The certificate that somebody asks about: its serial number, and digests of its issuer's name and key (RFC 6960
/// section 4.1.1). Copies share it; it never changes.
class ocsp_id {
 public:
  explicit ocsp_id(std::shared_ptr<OCSP_CERTID> taken) : handle_(std::move(taken)) {}

  OCSP_CERTID* get() const { return handle_.get(); }

  std::string serial() const;  ///< Lower-case hex, no leading zeros.
  /// Whether that CA is meant. False if the digests are by another algorithm than SHA-1 and SHA-2.
  bool is_issued_by(const certificate& issuer) const;

 private:
  std::shared_ptr<OCSP_CERTID> handle_;
};

/// What somebody wants to know.
struct ocsp_question {
  std::vector<ocsp_id> about;  ///< At least one.
  std::string nonce;           ///< The extension's value, to be given back as it came (RFC 9654); empty for none.
};

/// What a question may cost.
struct ocsp_limits {
  std::size_t bytes = std::size_t{16} * 1024;
  std::size_t certificates = 32;
};

/// Reads one question from DER. An error (bad_input, limit_exceeded) if it is malformed, too large, asks about nothing
/// or about too much, has a nonce that is none (RFC 9654: 1 to 128 octets), or has a critical extension that is not
/// known. A signature on it is not looked at (RFC 6960 section 4.1.2: it is the responder's choice).
result<ocsp_question> read_ocsp_question(std::string_view der, const ocsp_limits& limits = {});

/// What is known of one certificate.
struct ocsp_fact {
  enum class status { good, revoked, unknown };

  ocsp_id of;
  status is = status::unknown;
  sys_seconds revoked_at{};
  /// RFC 5280 section 5.3.1; not said if it is 0.
  int reason = 0;
};

/// What is answered.
struct ocsp_answer {
  std::vector<ocsp_fact> facts;
  sys_seconds this_update{};
  sys_seconds next_update{};
  std::string nonce;  ///< As in the question.
};

/// The answer as DER, signed by a responder: a CA itself, or one whose certificate the CA has issued for that purpose,
/// which is in the answer then.
result<std::string> sign_ocsp_answer(const ocsp_answer& what, const identity& responder);

/// Why there is no answer (RFC 6960 section 4.2.1).
enum class ocsp_refusal { malformed_request = 1, internal_error = 2, try_later = 3, unauthorized = 6 };

/// "malformedRequest" …, as the RFC has them.
std::string_view to_string(ocsp_refusal why);

/// The refusal as DER. It is not signed.
std::string ocsp_refusal_der(ocsp_refusal why);

/// A certificate for a key that signs OCSP answers in place of a CA, and for nothing else: OCSPSigning, and
/// id-pkix-ocsp-nocheck, since its short life stands in for a check of itself (RFC 6960 section 4.2.2.2.1). Ends with
/// the issuer at the latest.
result<certificate> issue_ocsp_responder(const private_key& key, const identity& issuer, std::chrono::seconds lifetime);

/// Whether that certificate is such a responder's, issued by that CA.
bool is_ocsp_responder_of(const certificate& one, const certificate& issuer);

}  // namespace mutual::x509
