#pragma once
// crl_entries: what a revocation list says of each certificate, in DER, made without an object for each.

#include "base/clock.hpp"

#include <mutual/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::x509 {

/// Collects the entries of a revocation list (RFC 5280 section 5.1.2.6), however many: in about twice the memory that
/// they take in the list.
class crl_entries {
 public:
  /// One more; an error (bad_usage) if that is no serial number (up to 40 hex digits), or the date none of the years 1
  /// to 9999. `reason` as in revoked_certificate: 0 says nothing (section 5.3.1).
  result<> add(std::string_view serial, sys_seconds when, std::optional<int> reason);

  std::size_t size() const { return begins_.size(); }
  bool empty() const { return begins_.empty(); }

  /// The contents of revokedCertificates, in the order of the serial numbers. Afterwards there are none here.
  std::string take();

 private:
  std::string_view number_at(std::size_t begin) const;
  std::string_view entry_at(std::size_t begin) const;

  std::string der_;                  // one entry after another, as they came
  std::vector<std::size_t> begins_;  // of each
};

}  // namespace mutual::x509
