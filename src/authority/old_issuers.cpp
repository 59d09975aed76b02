#include "authority/old_issuers.hpp"

#include "base/clock.hpp"

#include <algorithm>
#include <utility>

namespace mutual::authority {

result<std::vector<record>> old_issuers(inventory& in, const x509::certificate& issuing) {
  MUTUAL_TRY(auto all, in.of_profile(x509::profile::intermediate));
  // Those that were recorded after it are for the folder that has their files.
  const auto serial = issuing.serial();
  const auto own = std::find_if(all.begin(), all.end(), [&](const record& one) { return one.serial == serial; });
  std::vector<record> out;
  if (own == all.end()) return out;
  for (auto one = std::next(own); one != all.end(); ++one) {
    // A new root that the one before has signed issues by the root's own key.
    if (one->name == "cross" || one->state == record_state::lost || one->not_after <= now()) continue;
    MUTUAL_TRY(const bool is_finished, in.is_finished_with(one->serial));
    if (!is_finished) out.push_back(std::move(*one));
  }
  return out;
}

namespace {

result<bool> has_revoked_since(inventory& in, const std::string& issuer, std::uint64_t number) {
  std::int64_t covers = 0;
  if (number != 0) {
    MUTUAL_TRY(const auto list, in.list_numbered(issuer, number));
    if (list) covers = list->covers;
  }
  MUTUAL_TRY(const auto last, in.last_revocation_of(issuer, covers));
  return last > covers;
}

}  // namespace

result<std::vector<std::string>> old_issuers_behind(
    inventory& in, const x509::certificate& issuing,
    const std::function<result<std::uint64_t>(const std::string& issuer)>& list_of) {
  MUTUAL_TRY(const auto old, old_issuers(in, issuing));
  std::vector<std::string> out;
  for (const auto& one : old) {
    if (one.revoked && !one.revoked->is_hold()) continue;
    MUTUAL_TRY(const auto number, list_of(one.subject));
    MUTUAL_TRY(const bool is_behind, has_revoked_since(in, one.subject, number));
    if (is_behind) out.push_back(one.serial);
  }
  return out;
}

}  // namespace mutual::authority
