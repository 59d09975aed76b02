#pragma once
// certificate_places: where a certificate says that more about it is found.

#include "x509/openssl.hpp"

#include <string>

namespace mutual::x509 {

/// URLs; an empty one is not in the certificate.
struct certificate_places {
  std::string ocsp;    ///< Who answers whether it is revoked (authorityInfoAccess, RFC 5280 section 4.2.2.1).
  std::string issuer;  ///< Its issuer's certificate, DER (the same extension, caIssuers).
  std::string list;    ///< Its issuer's revocation list, DER (cRLDistributionPoints, section 4.2.1.13).

  bool operator==(const certificate_places&) const = default;
};

/// The first of each that the certificate names; whatever it says: they are not judged here.
certificate_places places_in(X509* one);

/// Adds both extensions, as far as there are places for them. False if memory is out.
bool add_places(X509* to, const certificate_places& places);

}  // namespace mutual::x509
