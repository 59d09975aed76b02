#pragma once
// Everything that can be wrong with one path from a leaf to an anchor.

#include "tls/trust.hpp"
#include "tls/verdict.hpp"
#include "tls/verdict_finding.hpp"
#include "tls/verdict_path.hpp"

namespace mutual::tls {

struct examined {
  findings wrong;  ///< Empty: the path is good.
  path chain;      ///< What was judged in the end. Borrows.
};

/// Judges the path by OpenSSL's X509_verify_cert and by our own rules (verdict_rules.hpp). Good only if both say so.
/// Of what else was `sent`, only certificates that sign revocation lists may matter.
examined examine(const trust& by, const path& candidate, const STACK_OF(X509) * sent, const judge_options& options);

/// The same for a pinned certificate alone: it vouches for itself, so neither a signature nor a CA's rules are asked,
/// but its dates, its purpose, its key and a revocation list of its issuer are.
examined examine_pin(const trust& by, X509* pin, const judge_options& options);

}  // namespace mutual::tls
