#pragma once
// OCSP answers for tests: right unless the test asks for a fault.

#include "base/clock.hpp"
#include "support/pki.hpp"

#include <openssl/ocsp.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace mutual::test {

/// What an answer is to say, and how.
struct ocsp_words {
  int status = V_OCSP_CERTSTATUS_GOOD;
  sys_seconds at = now();
  std::chrono::seconds begins_in = std::chrono::seconds(-5);
  std::optional<std::chrono::seconds> ends_in = std::chrono::hours(1);
  std::string nonce{};  ///< None if it is empty.
  const EVP_MD* digest = EVP_sha256();
  unsigned long flags = 0;         ///< OCSP_NOCERTS, OCSP_RESPID_KEY.
  int times = 1;                   ///< How often it speaks of the certificate.
  std::vector<identity> beside{};  ///< Further certificates that it brings.
  bool critical = false;           ///< It has a critical extension that nobody knows.
};

/// The answer as DER about a certificate of that issuer, signed by `signer`.
std::string ocsp_answer(const identity& about, const identity& issuer, const identity& signer,
                        const ocsp_words& what = {});

/// A refusal to answer (OCSP_RESPONSE_STATUS_TRYLATER).
std::string ocsp_refusal(int status);

/// The nonce in a request, without the wrapping of the extension; empty if there is none.
std::string nonce_in(const std::string& request);

/// A certificate that may answer for the CA that issues it.
spec ocsp_responder_spec(std::string common_name = "OCSP");

}  // namespace mutual::test
