#pragma once
// adopt: a CA that was made elsewhere becomes the CA of a new PKI.

#include "authority/authorities.hpp"

#include <mutual/result.hpp>

#include <string>
#include <vector>

namespace mutual::authority {

/// As make_authorities(), with the CA of `request.existing`. Below a root an intermediate is made; an intermediate goes
/// on issuing, and needs its root's certificate. An error (bad_input) says why nobody would believe what it issues: it
/// is no CA, has ended, is too weak, may have no CA below it or sign no lists, was revoked, its root is not there, or
/// what it issued on trial would be refused.
/// What its last revocation lists say is taken over.
result<made_authorities> adopt_authorities(const init_request& request, const ca_keys& keys, const limits& by,
                                           const layout& places, inventory& in);

/// The subjects of those among a new PKI's CAs that were made elsewhere, make their lists here from now on, and of
/// which no list was given: whom they have revoked, nobody here knows.
std::vector<std::string> without_lists(const existing_ca& from, const std::vector<x509::certificate>& all);

}  // namespace mutual::authority
