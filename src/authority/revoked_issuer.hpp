#pragma once
// revoked_issuer: certificates that nobody has revoked, and that are refused all the same.

#include "authority/inventory.hpp"
#include "authority/layout.hpp"
#include "x509/certificate.hpp"

#include <mutual/result.hpp>

#include <optional>

namespace mutual::authority {

/// A CA that is revoked or on hold, so that whatever it has issued is refused.
struct lost_issuer {
  record ca;
  /// Whether it is the one that issues here: then a renewal mends nothing, for there is nobody to renew.
  bool is_issuing = false;
};

/// The CA that has issued that certificate, if the inventory knows it as revoked or on hold; nothing otherwise.
result<std::optional<lost_issuer>> revoked_issuer(inventory& in, const layout& places, const x509::certificate& one);

}  // namespace mutual::authority
