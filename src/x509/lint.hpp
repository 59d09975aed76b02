#pragma once
// lint: what is wrong with certificates that are meant for mutual TLS, and what mends it.

#include "base/clock.hpp"
#include "x509/bundle.hpp"
#include "x509/pkcs12_algorithms.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::x509 {

/// How bad a finding is.
enum class weight {
  wrong,   ///< Somebody refuses it, or it is dangerous.
  advice,  ///< It works, and could be better.
};

/// "wrong", "advice".
std::string_view to_string(weight of);

struct lint_finding {
  std::string_view code;  ///< Stable: programs may match on it. docs/certificates.md lists them.
  weight how = weight::wrong;
  std::string about;  ///< The certificate's subject, or the file.
  std::string what;   ///< One sentence.
  std::string fix;    ///< The command, or the words, that mend it.
};

/// What a certificate is to be used as.
enum class use { client, server, peer, ca };

/// "client", "server", "peer", "ca".
std::string_view to_string(use of);
std::optional<use> use_from_string(std::string_view name);

/// How a certificate is made anew.
enum class remedy {
  again,      ///< As it is.
  other_key,  ///< With a new key, of the usual kind.
  shorter,    ///< With a shorter life.
};

struct lint_options {
  /// Nothing: as what the certificate says that it is for.
  std::optional<use> as;
  sys_seconds at = now();
  /// The CAs that the other end trusts, if they are known: then a missing intermediate is certain.
  std::vector<certificate> trusted;
  /// What makes that certificate anew where it was issued, with the command, if that is known; empty for somebody
  /// else's.
  std::function<std::string(const certificate&, remedy)> renewal = {};
};

/// What a bundle's first certificate is for: a CA if it says so and may sign certificates; else what its extended key
/// usage says; a client if that says nothing.
use likely_use(const certificate& one);

/// Everything that is wrong with a bundle: its first certificate as what it is to be used as, the others as its chain.
/// Empty is good. A bundle without a certificate has none. Judges nothing that needs a trust: that is the verdict's.
std::vector<lint_finding> lint(const bundle& of, const lint_options& options = {});

/// What is wrong with how a PKCS#12 file is protected. `path` is named in the command that mends it.
std::vector<lint_finding> lint_pkcs12(const pkcs12_algorithms& of, std::string_view path);

}  // namespace mutual::x509
