#pragma once
// Whether a chain's certificates are revoked, by lists of the usual kind.

#include "tls/trust.hpp"
#include "tls/verdict_finding.hpp"
#include "tls/verdict_path.hpp"

namespace mutual::tls {

/// Judges every certificate but the anchor by the newest list of its issuer (RFC 5280 section 6.3), if the trust has
/// lists at all. A list's signature was verified when the trust was made, unless its CA was not known then.
void check_revocation(const trust& by, const path& chain, sys_seconds at, findings& wrong);

/// The same for a pinned certificate: one that a configured list of its issuer names is refused, and if all lists of
/// its issuer have ended, nobody knows; but no list at all is needed.
void check_pin_revocation(const trust& by, X509* pin, sys_seconds at, findings& wrong);

/// Whether the lists here name that certificate, whoever is its issuer: by the newest list of each kind that has begun.
/// Costs a look-up in each list of its issuer, and no signature: for what is warned of, not for a verdict.
bool is_listed(const trust& by, const X509* one, sys_seconds at);

/// Whether check_revocation judges that certificate of that issuer by a list, and not only for want of one. Where there
/// are lists of the unusual kinds, OpenSSL judges all by them.
bool has_list_for(const trust& by, X509* one, X509* issuer);

}  // namespace mutual::tls
