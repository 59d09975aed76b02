#include "cli/record_text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace mutual::cli {

std::string status_text(const authority::record& one) {
  const auto standing = standing_of(one, now());
  if (!one.revoked) return std::string(standing);
  return fmt::format("{} since {} ({})", one.revoked->is_hold() ? "on hold" : "revoked", to_text(one.revoked->at),
                     to_string(one.revoked->reason));
}

void add_status(boost::json::object& to, const authority::record& one) {
  to["status"] = standing_of(one, now());
  if (!one.revoked) return;
  to["revoked_at"] = to_rfc3339(one.revoked->at);
  to["reason"] = to_string(one.revoked->reason);
}

boost::json::object record_json(const authority::record& one) {
  boost::json::object out{{"name", one.name},
                          {"profile", to_string(one.purpose)},
                          {"subject", one.subject},
                          {"issuer", one.issuer},
                          {"serial", one.serial},
                          {"sha256", one.sha256},
                          {"not_before", to_rfc3339(one.not_before)},
                          {"not_after", to_rfc3339(one.not_after)},
                          {"recorded_at", to_rfc3339(one.recorded_at)},
                          {"current", one.is_current},
                          {"key_made_here", one.has_key}};
  if (!one.replaces.empty()) out["replaces"] = one.replaces;
  add_status(out, one);
  return out;
}

}  // namespace mutual::cli
