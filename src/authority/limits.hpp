#pragma once
// limits: what an authority may issue, whoever asks and whichever way. Set once, in authority.toml.

#include "authority/layout.hpp"
#include "x509/builder.hpp"
#include "x509/ip_range.hpp"
#include "x509/name_constraints.hpp"
#include "x509/profile.hpp"

#include <mutual/result.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::authority {

/// Names that may be issued. Once one kind is listed, the kinds that are not listed are not issued at all.
struct name_limits {
  std::vector<std::string> dns;     ///< Domains: "acme.example" is itself and all that is below.
  std::vector<std::string> uris;    ///< Prefixes that end where a part of a URI ends: "spiffe://acme/".
  std::vector<std::string> emails;  ///< Hosts: "acme.example", or ".acme.example" for all below it.
  std::vector<x509::ip_range> ips;
};

/// What holds for one profile; what has no value is not limited.
struct profile_limits {
  bool may_be_issued = true;
  std::optional<name_limits> names;
  std::optional<std::chrono::days> longest;
  /// "p256", "rsa3072" …; without a value, every kind that is strong enough.
  std::optional<std::vector<std::string>> key_kinds;
};

/// The whole of it. As made, it limits nothing but weak keys.
struct limits {
  profile_limits server, client, peer;
  /// Whether the names are also to be constrained in the intermediate's own certificate, so that a stolen one can
  /// certify no others.
  bool constrain_intermediate = true;
  /// Where the plain listener of the authority is reached, without a slash at its end; certificates then say where
  /// their issuer's list and certificate and its OCSP are. Empty for nowhere.
  std::string public_url{};

  /// That of a profile; a root or an intermediate has none (null).
  const profile_limits* of(x509::profile purpose) const;
};

/// Reads authority.toml's text. An error (bad_input) says where in `where` what is wrong; what is not known is wrong,
/// so that no limit is lost to a slip of the pen.
result<limits> read_limits(std::string_view toml, std::string_view where);

/// The limits of a PKI: those of its authority.toml; none if it has no such file. What cannot be read is an error.
result<limits> load_limits(const layout& places);

/// What somebody wants signed: everything that limits look at.
struct wanted_certificate {
  x509::profile purpose = x509::profile::client;
  const x509::certificate_spec& spec;
  const EVP_PKEY* key = nullptr;  ///< The public half is enough.
};

/// An error (bad_usage) that says which limit the certificate would break: its profile, a name, its life, its key.
/// Every way of issuing asks this, right before it signs.
result<> check_limits(const limits& by, const wanted_certificate& wanted);

/// How long a certificate lasts that nobody said it of: `usual`, or the profile's longest if that is shorter.
std::chrono::days usual_life(const limits& by, x509::profile purpose, std::chrono::days usual);

/// The constraints for the intermediate; empty if they are not wanted, or if some profile's names are not limited.
x509::name_constraints constraints_for(const limits& by);

}  // namespace mutual::authority
