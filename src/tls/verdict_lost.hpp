#pragma once
// Why no path was found: the difference between a stranger and somebody who forgot to send an intermediate.

#include "tls/trust.hpp"
#include "tls/verdict_finding.hpp"
#include "tls/verdict_path.hpp"

namespace mutual::tls {

/// What to tell of a leaf from which no path reaches an anchor. `stump` is the longest path there was (at least the
/// leaf). Only then, and only with few certificates, are the hints and pins asked whether they signed what was sent.
finding explain_no_path(const trust& by, const path& stump, const STACK_OF(X509) * sent);

/// Whether `issuer` has signed `one`; no if its key is so large that asking would cost too much, or has not been read.
bool has_signed(X509* issuer, X509* one);

}  // namespace mutual::tls
