#pragma once
// A test's certificate as the library has it.

#include "support/pki.hpp"
#include "x509/certificate.hpp"

namespace mutual::test {

inline x509::certificate cert_of(const identity& one) { return x509::certificate::shared(one.certificate()); }

}  // namespace mutual::test
