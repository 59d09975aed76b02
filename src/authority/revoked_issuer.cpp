#include "authority/revoked_issuer.hpp"

#include "authority/newest_issuer.hpp"
#include "x509/bundle.hpp"

#include <utility>

namespace mutual::authority {

result<std::optional<lost_issuer>> revoked_issuer(inventory& in, const layout& places, const x509::certificate& one) {
  MUTUAL_TRY(auto all, in.of_profile(x509::profile::intermediate));
  for (auto& each : all) {
    if (!each.revoked || each.subject != one.issuer()) continue;
    MUTUAL_TRY(const auto ca, x509::certificate::from_der(each.der));
    if (!one.is_signed_by(ca)) continue;
    const auto issuing = x509::load_certificates(places.intermediate_certificate());
    lost_issuer found{std::move(each), issuing && issuing->front() == ca};
    if (issuing) {
      MUTUAL_TRY(found.passed_over, passed_over(in, issuing->front()));
    }
    return std::optional<lost_issuer>(std::move(found));
  }
  return std::optional<lost_issuer>();
}

}  // namespace mutual::authority
