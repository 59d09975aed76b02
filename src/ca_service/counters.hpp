#pragma once
// counters: what the service has done since it began.

#include "x509/ocsp.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace mutual::ca_service {

/// Counts that only grow. Any thread may add to them.
struct counters {
  using count = std::atomic<std::uint64_t>;

  count ocsp_good{0}, ocsp_revoked{0}, ocsp_unknown{0};  ///< Certificates that were answered for.
  std::array<count, 7> ocsp_refused{};                   ///< By x509::ocsp_refusal.
  count lists_made{0}, lists_failed{0};                  ///< By the keeper.
  count inventory_errors{0};                             ///< Whoever met them.
  count key_failures{0};                                 ///< Of the issuing key, met by who asked for a certificate.
  count issued_enroll{0}, issued_reenroll{0}, issued_keygen{0};  ///< Certificates by EST, by operation.
  // What EST has refused: tokens that do not hold or are missing, requests that are none or prove nothing, what limits
  // or names forbid, what is taken, and what could not be done.
  count refused_credentials{0}, refused_request{0}, refused_policy{0}, refused_conflict{0}, refused_unavailable{0};

  count& refused(x509::ocsp_refusal why) { return ocsp_refused[static_cast<std::size_t>(why)]; }
};

}  // namespace mutual::ca_service
