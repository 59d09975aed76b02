#pragma once
// lists_above: the revocation lists of CAs between an issuer and its root, which others make.

#include "authority/layout.hpp"
#include "authority/record.hpp"
#include "authority/retired.hpp"
#include "x509/crl.hpp"
#include "x509/identity.hpp"

#include <mutual/result.hpp>

#include <vector>

namespace mutual::authority {

/// A CA between an issuer and its root.
struct ca_between {
  x509::certificate ca;
  bool is_needed;  ///< By what issues now, and not by old CAs alone.
};

/// All of them, each once. `roots` are those that this PKI has had.
std::vector<ca_between> between(const x509::identity& issuer, const retired_authorities& retired,
                                const std::vector<record>& roots);

/// Their lists, as somebody has put them into the folder: servers refuse everybody below them without. An error for one
/// that is needed and missing or past its date; for one that only old CAs need it is put into `lacking`.
result<std::vector<x509::crl>> lists_above(const layout& places, const std::vector<ca_between>& cas, result<>& lacking);

}  // namespace mutual::authority
