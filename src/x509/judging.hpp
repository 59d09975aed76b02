#pragma once
// How chains are judged here, whoever asks: the verdict of servers and clients, and the authority before it takes a CA.

#include "x509/identity.hpp"
#include "x509/openssl.hpp"

#include <mutual/result.hpp>

#include <optional>
#include <string>

namespace mutual::x509 {

/// What OpenSSL is asked to insist on. Dates are not asked: OpenSSL takes them otherwise than RFC 5280 has them.
void judge_strictly(X509_VERIFY_PARAM* settings);

/// Why no chain with that certificate in it is good, in a sentence that names it: policy constraints where there are no
/// certificate policies.
std::optional<std::string> policy_fault(const X509* one);

/// The same: a serial number that is too long, or name constraints that are not critical or stand in no CA.
std::optional<std::string> profile_fault(X509* one);

/// The same: name constraints that are empty, or that are read in two ways.
std::optional<std::string> constraints_fault(const X509* one);

/// Issues a certificate on trial, which nobody gets to see, and judges it as servers and clients do that trust the
/// root. An error (bad_input) says why all that `issuer` issues would be refused.
result<> try_to_issue(const identity& issuer, const certificate& root);

}  // namespace mutual::x509
