#pragma once
// Names under name constraints (RFC 5280 section 4.2.1.10), where OpenSSL's own check is not enough.

#include "tls/verdict_finding.hpp"
#include "tls/verdict_path.hpp"

#include <mutual/peer.hpp>

namespace mutual::tls {

/// Refuses chains whose names times constraints would take too long to compare.
void check_name_costs(const path& chain, findings& wrong);

/// Constraints that are no constraints (empty, a DNS name with a leading dot), wildcards that could stand for an
/// excluded name or for one that is not permitted, and names below a constraint that are no names.
void check_name_constraints(const path& chain, findings& wrong);

/// DNS names and e-mail addresses of a peer that are none: empty labels, labels over 63 octets, two "@".
void check_name_syntax(const peer& who, findings& wrong);

}  // namespace mutual::tls
