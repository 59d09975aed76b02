#pragma once
// OpenSSL's verification errors as reasons.

#include <mutual/reason.hpp>

namespace mutual::tls {

/// The reason for an X509_V_ERR_* value; what we do not know is `constraint_violated`, so that it is refused.
reason reason_for(int error);

/// Whether the error is about a revocation list, not about a certificate.
bool is_about_revocation(int error);

}  // namespace mutual::tls
