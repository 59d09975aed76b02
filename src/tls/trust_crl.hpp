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

/// Which list its CA has counted higher (RFC 5280 section 5.2.3): above 0 if it is `one`, 0 if none is.
int compare_numbers(const x509::lookup_list& one, const x509::lookup_list& other);

/// Whether both are whole lists (no deltas) of one CA, by its name and key, about the same certificates: the one with
/// the higher number stands for the other then.
bool are_of_one_series(const x509::lookup_list& one, const x509::lookup_list& other);

/// Whether the list's authority key identifier speaks of that CA's key, or does not say.
bool names_key_of(const x509::lookup_list& list, X509* issuer);

}  // namespace mutual::tls
