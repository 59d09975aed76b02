#pragma once
// Where the world finds what an authority publishes, as its certificates say it.

#include "authority/limits.hpp"
#include "x509/certificate.hpp"
#include "x509/certificate_places.hpp"
#include "x509/profile.hpp"

#include <mutual/result.hpp>

#include <string>
#include <string_view>

namespace mutual::authority {

// The paths below the authority's public URL, which mutual ca serve answers at its plain listener.
inline constexpr std::string_view list_path = "/crl/";       ///< then the CA's serial number and ".crl"
inline constexpr std::string_view issuer_path = "/issuer/";  ///< then the CA's serial number and ".crt"
inline constexpr std::string_view ocsp_path = "/ocsp";

/// The URL without a slash at its end; an error (bad_input) unless it is one of plain HTTP that a certificate may hold:
/// a host, perhaps a port, perhaps a path.
result<std::string> checked_public_url(std::string_view text);

/// What a certificate that `issuer` signs says; nothing if authority.toml names no public URL. A CA's certificate names
/// no OCSP: its root, which would answer, may be kept away from the network.
x509::certificate_places places_for(const limits& by, const x509::certificate& issuer, x509::profile purpose);

}  // namespace mutual::authority
