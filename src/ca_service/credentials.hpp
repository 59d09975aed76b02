#pragma once
// credentials: the token that a request shows.

#include "x509/secret.hpp"

#include <mutual/request.hpp>

#include <optional>

namespace mutual::ca_service {

/// The token in the Authorization field: the password of Basic (RFC 7030 section 3.2.3), whatever the user name, or
/// that of Bearer (RFC 6750). Nothing if there is none, or the field is there twice or malformed.
std::optional<x509::secret> shown_token(const request& asked);

}  // namespace mutual::ca_service
