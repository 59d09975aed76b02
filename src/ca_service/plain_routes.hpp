#pragma once
// The plain listener's routes: what is signed by the authority, and is for everybody.

#include "ca_service/list_shelf.hpp"
#include "ca_service/ocsp_desk.hpp"

#include <mutual/app.hpp>

namespace mutual::ca_service {

/// Adds /crl/… (RFC 5280 section 4.2.1.13), /issuer/… (section 4.2.2.1) and /ocsp, for POST and GET (RFC 6960 appendix
/// A). Both must outlive the app.
void add_plain_routes(app& to, list_shelf& lists, ocsp_desk& answers);

}  // namespace mutual::ca_service
