#pragma once
// The rules that OpenSSL does not keep, or keeps otherwise than the RFCs say.

#include "tls/trust.hpp"
#include "tls/verdict.hpp"
#include "tls/verdict_finding.hpp"
#include "tls/verdict_path.hpp"

#include <string>

namespace mutual::tls {

/// What must hold before any signature is verified, because verifying would cost too much: sizes of keys, names times
/// name constraints.
void check_costs(const path& chain, findings& wrong);

/// That policy constraints do not stand without policies; before OpenSSL looks at them.
void check_policy_constraints(const path& chain, findings& wrong);

/// Dates (RFC 5280 section 4.1.2.5: both ends inclusive).
void check_dates(const path& chain, sys_seconds at, findings& wrong);

/// Kinds and strengths of keys, and of the digests under the signatures (the anchor's own excepted).
void check_keys(const path& chain, findings& wrong);

/// The leaf's key usage: TLS signs with the key (RFC 8446 section 4.4.2.2).
void check_leaf_usage(X509* leaf, findings& wrong);

/// Number of intermediates, serial numbers, what only CAs may carry, what must be critical.
void check_profile(const path& chain, int most_intermediates, findings& wrong);

/// The leaf is for that DNS name or IP address.
void check_host(X509* leaf, const std::string& host, findings& wrong);

/// The certificate for a sentence: its subject in quotes.
std::string subject_of(const X509* one);

}  // namespace mutual::tls
