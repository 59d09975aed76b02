#pragma once
// profile: what a certificate is for, and what RFC 5280 therefore wants in it.

#include "x509/builder.hpp"

#include <mutual/result.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace mutual::x509 {

/// What a certificate is for.
enum class profile {
  root,          ///< A CA that everybody trusts; signs intermediates.
  intermediate,  ///< A CA that signs leaves only (pathLenConstraint 0).
  server,        ///< A TLS server.
  client,        ///< A TLS client.
  peer,          ///< Both.
  responder,     ///< Signs OCSP answers in a CA's place (ocsp.hpp).
};

/// "root", "intermediate", "server", "client", "peer", "responder".
std::string_view to_string(profile purpose);

/// The profile of that name; nothing for others.
std::optional<profile> profile_from_string(std::string_view name);

/// How far before now a certificate begins, for clocks that are behind.
inline constexpr std::chrono::minutes backdate{5};

/// A description of a certificate for a purpose, valid from a few minutes ago for `lifetime` from now. An error if
/// it would make no sense: a server or peer without a DNS name or IP address (RFC 9525: the common name does not
/// count), no name at all, a lifetime that is not positive.
result<certificate_spec> describe_certificate(profile purpose, distinguished_name subject, alternative_names names,
                                              const private_key& key, std::chrono::seconds lifetime);

/// The same for a key of which only the public half is here.
result<certificate_spec> describe_certificate(profile purpose, distinguished_name subject, alternative_names names,
                                              const EVP_PKEY* key, std::chrono::seconds lifetime);

/// Signs it, with its end moved to the issuer's where it is later. An error if the issuer has ended, is no CA,
/// or may not certify these names (name constraints).
result<certificate> issue_certificate(certificate_spec spec, EVP_PKEY* subject_key, const certificate& issuer,
                                      const private_key& issuer_key, read_back how = read_back::whole);

}  // namespace mutual::x509
