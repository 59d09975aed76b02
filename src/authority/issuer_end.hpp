#pragma once
// issuer_end: what ends with the CA that issues, before that CA's own end is missed.

#include "authority/layout.hpp"
#include "base/clock.hpp"
#include "x509/certificate.hpp"

#include <mutual/result.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::authority {

/// The command that makes a CA which lasts longer: "mutual rotate intermediate", or "mutual rotate root" where a CA
/// above ends no later, so that a new intermediate would end with that.
std::string_view rotation_for(const x509::certificate& issuer, const std::vector<x509::certificate>& above);

/// A sentence that names it, if what should last until `wanted` ends with its issuer, in the last third of the issuer's
/// life, or of the life of who ends with it; empty otherwise.
std::string end_note(const x509::certificate& issuer, const std::vector<x509::certificate>& above, sys_seconds wanted);

/// An error (bad_usage) if somebody wants a life that the issuer's end would cut.
result<> check_lifetime(const std::optional<std::chrono::days>& wanted, const x509::certificate& issuer);

/// A sentence as above, for what would be issued now, as long as it usually lasts.
result<std::string> issuer_end_note(const layout& places);

}  // namespace mutual::authority
