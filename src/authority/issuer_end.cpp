#include "authority/issuer_end.hpp"

#include "authority/limits.hpp"
#include "authority/pki.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::authority {
namespace {

constexpr unsigned near_end = 66;  // Percent of a life, as lint has it and as certificates are renewed.

// Of those above, the one by whose end an issuer's was cut; null if it is its own. A cross-certificate that ends cuts
// nothing off, for the root of its name goes on.
const x509::certificate* cutter_of(const x509::certificate& issuer, const std::vector<x509::certificate>& above) {
  const auto goes_on = [&](const x509::certificate& one) {
    return std::any_of(above.begin(), above.end(), [&](const auto& other) {
      return other.not_after() > issuer.not_after() && other.subject() == one.subject();
    });
  };
  const auto found = std::find_if(above.begin(), above.end(), [&](const auto& one) { return !goes_on(one); });
  return found == above.end() ? nullptr : &*found;
}

}  // namespace

std::string_view rotation_for(const x509::certificate& issuer, const std::vector<x509::certificate>& above) {
  return cutter_of(issuer, above) == nullptr ? "mutual rotate intermediate" : "mutual rotate root";
}

std::string end_note(const x509::certificate& issuer, const std::vector<x509::certificate>& above, sys_seconds wanted) {
  const auto* cutter = cutter_of(issuer, above);
  const bool is_near = is_due(issuer, near_end, now()) || (cutter != nullptr && is_due(*cutter, near_end, now()));
  if (wanted < issuer.not_after() || !is_near) return {};
  return fmt::format("{} ends on {}, and what it issues ends with it: make another with {}",
                     text::quoted(issuer.subject()), to_text(issuer.not_after()), rotation_for(issuer, above));
}

result<> check_lifetime(const std::optional<std::chrono::days>& wanted, const x509::certificate& issuer) {
  if (!wanted || now() + *wanted <= issuer.not_after()) return {};
  return error(errc::bad_usage,
               fmt::format("a certificate cannot outlive its issuer, which ends on {}: give at most {} days (mutual "
                           "rotate makes an issuer that lasts longer)",
                           to_text(issuer.not_after()),
                           std::chrono::floor<std::chrono::days>(issuer.not_after() - now()).count()));
}

result<std::string> issuer_end_note(const layout& places) {
  MUTUAL_TRY(const auto chain, x509::load_certificates(places.intermediate_certificate()));
  MUTUAL_TRY(const auto above, load_above(places, chain));
  MUTUAL_TRY(const auto by, load_limits(places));
  std::chrono::days life{0};
  for (const auto purpose : {x509::profile::server, x509::profile::client, x509::profile::peer}) {
    if (by.of(purpose)->may_be_issued) life = std::max(life, usual_life(by, purpose, default_lifetime));
  }
  return end_note(chain.front(), above, now() + life);
}

}  // namespace mutual::authority
