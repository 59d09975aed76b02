#pragma once
// Whether a revocation list can be used at all; asked once, when it is loaded.

#include "x509/certificate.hpp"
#include "x509/lookup_list.hpp"

#include <mutual/result.hpp>

#include <vector>

namespace mutual::tls {

/// Those of `issuers` that have signed the list and may; none if its CA is not among them. An error (bad_input) for a
/// list by which nobody could ever be judged: it has no date or number (RFC 5280 sections 5.1.2.5 and 5.2.3), two
/// names for the algorithm of its signature (5.1.1.2), a critical extension that we do not know, or `issuers` holds the
/// CA of its name and key and that CA has not signed it or may not. Whether it is current is not asked: a list grows
/// stale while it is in use.
result<std::vector<x509::certificate>> check_crl(const x509::lookup_list& list,
                                                 const std::vector<x509::certificate>& issuers);

/// Whether it is a CA's own, complete list of all its certificates, as nearly all lists are: no delta, no issuing
/// distribution point, no critical extension in an entry.
bool is_usual(const x509::lookup_list& list);

/// Whether the list's authority key identifier speaks of that CA's key, or does not say.
bool names_key_of(const x509::lookup_list& list, X509* issuer);

}  // namespace mutual::tls
