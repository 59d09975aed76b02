#pragma once
// revoked_issuer: certificates that nobody has revoked, and that are refused all the same.

#include "authority/inventory.hpp"
#include "authority/layout.hpp"
#include "x509/certificate.hpp"

#include <mutual/result.hpp>

#include <optional>
#include <string>

namespace mutual::authority {

/// A CA that is revoked or on hold, so that whatever it has issued is refused.
struct lost_issuer {
  record ca;
  /// Whether it is the one that issues here: then a renewal mends nothing, for there is nobody to renew.
  bool is_issuing = false;
  /// What is to be said of the CA of this folder, if another took its place on another machine, so that nobody here can
  /// renew anything: "issues no more: …" (see newest_issuer.hpp). Else empty.
  std::string passed_over{};
};

/// The CA that has issued that certificate, if the inventory knows it as revoked or on hold; nothing otherwise.
result<std::optional<lost_issuer>> revoked_issuer(inventory& in, const layout& places, const x509::certificate& one);

}  // namespace mutual::authority
