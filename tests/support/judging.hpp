#pragma once
// Short ways to a trust and a verdict, for tests.

#include "support/pki.hpp"
#include "tls/trust.hpp"
#include "tls/verdict.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mutual::test {

/// What a trust is made from, in test values.
struct trusting {
  std::vector<identity> trusted{};
  std::vector<std::shared_ptr<X509_CRL>> revocations{};
  std::vector<identity> hints{};
  tls::trust_settings settings{};
  std::uint64_t generation = 1;
};

x509::certificate value_of(const identity& one);

/// The trust, or its error.
result<std::shared_ptr<const tls::trust>> try_trust(const trusting& from);

/// The trust; throws if it cannot be made.
std::shared_ptr<const tls::trust> make_trust(const trusting& from);

/// The verdict on a chain as a TLS stack would have it: leaf first, read anew from its bytes.
tls::verdict judge(const tls::trust& by, const std::vector<identity>& chain, const tls::judge_options& options = {});
tls::verdict judge(const trusting& by, const std::vector<identity>& chain, const tls::judge_options& options = {});

/// "good", or the reason's name.
std::string outcome(const tls::verdict& of);

}  // namespace mutual::test
