#include "authority/inventory_counts.hpp"

#include "base/clock.hpp"

namespace mutual::authority {

result<inventory_counts> count(inventory& in) {
  const std::int64_t at = now().time_since_epoch().count();
  inventory_counts out;
  MUTUAL_TRY(out.certificates, number_from(in.on(), "SELECT count(*) FROM certificates WHERE not_after > $1", {at}));
  MUTUAL_TRY(out.revoked, number_from(in.on(),
                                      "SELECT count(*) FROM certificates WHERE revoked_at IS NOT NULL AND "
                                      "not_after > $1",
                                      {at}));
  MUTUAL_TRY(out.tokens,
             number_from(in.on(), "SELECT count(*) FROM tokens WHERE used_at IS NULL AND ends_at > $1", {at}));
  return out;
}

}  // namespace mutual::authority
