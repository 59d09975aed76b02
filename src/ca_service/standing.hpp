#pragma once
// standing: what the service has last seen of itself.

#include "authority/inventory_counts.hpp"
#include "base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mutual::ca_service {

/// A CA by its part, and by its key, since one that was replaced may have the name of its successor.
struct named_ca {
  std::string part;  ///< "intermediate", "root" or "retired".
  std::string key;   ///< The key's id in hex; empty if the list names none.

  bool operator==(const named_ca&) const = default;
};

/// One revocation list that servers read.
struct list_state {
  named_ca ca;
  std::uint64_t number = 0;
  sys_seconds this_update{};
  sys_seconds next_update{};
  std::size_t revoked = 0;
};

/// Who signs OCSP answers for a CA, and until when.
struct responder_state {
  named_ca ca;
  sys_seconds not_after{};
};

/// When something ends that nobody replaces but a person.
struct end_state {
  std::string part;  ///< "intermediate", "root", or "server" for what the service itself presents.
  std::string key;   ///< The id of its key in hex.
  sys_seconds not_before{};
  sys_seconds not_after{};
};

/// How many lists and responders are told of: there is one for each CA that was ever replaced and has not ended.
inline constexpr std::size_t most_told = 32;

/// What the keeper has found when it looked last: what health and metrics are told from, so that nobody who asks for
/// them makes any work.
struct standing {
  std::chrono::steady_clock::time_point looked{};  ///< When the last look was over, whatever it found.
  bool inventory_answers = false;
  bool can_sign = false;  ///< The intermediate's key can be used.
  std::vector<list_state> lists;
  std::vector<responder_state> responders;
  std::int64_t acts = 0;
  authority::inventory_counts counted;
  /// Since when a revocation is known that is on no list in the folder; servers have not heard of it.
  std::optional<std::chrono::steady_clock::time_point> uncovered_since{};
  /// The serial numbers of CAs that are revoked, and that no list of their root's says it of: servers believe them yet.
  std::vector<std::string> unlisted{};
  std::vector<end_state> ends{};
  /// The parts of CAs whose list that is given out by itself is not the newest, and could not be put right.
  std::vector<std::string> unpublished{};
  /// That the intermediate issues nothing, for it is revoked or on hold or another took its place, and what mends that;
  /// else empty.
  std::string issuer_stopped{};
  bool has_limits = true;  ///< authority.toml can be read, or there is none; else nothing is issued.
  /// That the certificate which the service presents is revoked or on hold, or its CA is, and the command that mends
  /// it; else empty.
  std::string server_refused{};
};

}  // namespace mutual::ca_service
