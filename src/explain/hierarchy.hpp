#pragma once
// A certificate chain, drawn.

#include "base/clock.hpp"
#include "x509/certificate.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mutual::explain {

/// The chain drawn as a hierarchy, the highest certificate first, each below its issuer, one line a certificate: name,
/// what it is for, when it is valid (seen from `at`), and a remark. `leaf_first` may be in any order after the leaf,
/// and hold certificates that do not belong to the chain, which are told after it. What has issued the highest is named
/// if it is not there, with `missing` ("not sent"). Each line begins with `indent` and ends in a newline. Safe for a
/// terminal, whatever the certificates hold.
struct drawing {
  std::vector<x509::certificate> leaf_first;
  std::vector<x509::certificate> sent;  ///< To tell those that were not: "from the trust". Empty: no difference.
  std::string_view missing = "not sent";
  std::string_view indent = "   ";
  sys_seconds at{};
};
std::string hierarchy(const drawing& of);

/// "a CA", "TLS servers", "TLS clients", …: what the certificate may be used for.
std::string purpose_of(const x509::certificate& one);

}  // namespace mutual::explain
