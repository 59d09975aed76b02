#pragma once
// record: what an inventory knows, as values.

#include "base/clock.hpp"
#include "x509/builder.hpp"
#include "x509/certificate.hpp"
#include "x509/profile.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::authority {

/// The `place` of a CA that was made elsewhere: what it issued before is on no record.
inline constexpr std::string_view imported_place = "imported";

/// How far a certificate has come.
enum class record_state {
  recorded,  ///< In the inventory; its files may not all be there yet.
  issued,    ///< Its files are on the disk.
  lost,      ///< Its key never reached the disk, so nobody can use it; its name is free again.
};

/// "recorded", "issued", "lost".
std::string_view to_string(record_state state);

/// Why a certificate is revoked (RFC 5280 section 5.3.1).
enum class revocation_reason {
  unspecified = 0,
  key_compromise = 1,
  ca_compromise = 2,
  affiliation_changed = 3,
  superseded = 4,
  cessation_of_operation = 5,
  certificate_hold = 6,
  privilege_withdrawn = 9,
  aa_compromise = 10,
};

/// "keyCompromise" …, as the RFC has them.
std::string_view to_string(revocation_reason reason);
/// The reason of that number; nothing for others.
std::optional<revocation_reason> revocation_reason_from_code(std::int64_t code);
/// The reason of that name, whatever its case and hyphens ("key-compromise"); nothing for others.
std::optional<revocation_reason> revocation_reason_from_string(std::string_view name);

/// Whether somebody else may have the key.
constexpr bool is_compromise(revocation_reason reason) {
  return reason == revocation_reason::key_compromise || reason == revocation_reason::ca_compromise;
}

/// Whether a certificate that is revoked for `before` may be revoked for `after` from now on: what was on hold for
/// good, and what was revoked for another reason when it turns out that its key is compromised; never back.
constexpr bool may_follow(revocation_reason before, revocation_reason after) {
  if (before == revocation_reason::certificate_hold) return after != revocation_reason::certificate_hold;
  return is_compromise(after) && !is_compromise(before);
}

/// That a certificate is revoked, or on hold.
struct revocation {
  sys_seconds at{};
  revocation_reason reason = revocation_reason::unspecified;

  bool is_hold() const { return reason == revocation_reason::certificate_hold; }
};

/// One certificate.
struct record {
  std::string name;  ///< What its files are called.
  x509::profile purpose = x509::profile::client;
  std::string serial;  ///< Lower-case hex.
  std::string subject;
  std::string issuer;
  std::string sha256;
  sys_seconds not_before{};
  sys_seconds not_after{};
  sys_seconds recorded_at{};
  bool p12_has_password = false;
  std::string der;
  record_state state = record_state::recorded;
  bool is_current = true;  ///< Whether it is what its name stands for; else a later one is.
  bool has_key = true;     ///< Whether its key was made here; else it came with a request.
  std::string replaces;    ///< The serial of the one before it, if its name had one.
  std::string place;       ///< The folder where its files are being written; see place.hpp.
  std::optional<revocation> revoked;
};

/// The record of a certificate that has just been signed.
record to_record(const x509::certificate& one, std::string_view name, x509::profile purpose, bool p12_has_password);

/// Whether that certificate is for the key of the one that is recorded.
result<bool> is_for_same_key(const record& before, const x509::certificate& later);

/// One word for how a certificate stands: valid, revoked, on-hold, expired, replaced, incomplete, lost.
std::string_view standing_of(const record& one, sys_seconds at);

/// Which certificates to show.
struct record_filter {
  bool is_revoked = false;  ///< Only those that are revoked or on hold.
  /// Only those that are in use and end by then; what nobody uses any more need not be renewed.
  std::optional<sys_seconds> ends_by = std::nullopt;
  std::string name{};                                   ///< Only those called so; all if it is empty.
  std::optional<x509::profile> purpose = std::nullopt;  ///< Only those that are for that.
  std::string issuer{};                                 ///< Only those of that issuer (RFC 4514); all if it is empty.
};

/// A certificate that was given out, and whose files may not be on the disk yet.
struct given_out {
  std::string serial, name;
  std::string who;  ///< Who acted, for the log of acts.
};

/// What depends on a CA, of that which has not ended.
struct dependants {
  std::int64_t in_use = 0;  ///< How many certificates are good, or on hold and may be again.
  sys_seconds last_end{};   ///< When the last of those ends.
};

/// One line of the log of acts, which only ever grows.
struct act {
  sys_seconds at{};
  std::string what;  ///< "recorded", "issued", "lost", "revoked", "held", "released", "listed" …
  std::string serial;
  std::string name;
  std::string who;
  std::string why;
};

/// How far an inventory's history has come.
struct history {
  std::string inventory;  ///< A random name that it has for life.
  std::int64_t act = 0;   ///< The last act; 0 before the first.
  std::string digest;     ///< Over that act and all before it.
  /// The name of where it was meant to be last; empty if nobody knows. See footing.hpp.
  std::string incarnation{};
};

/// A revocation list that is to be made.
struct list_request {
  std::string issuer;  ///< RFC 4514.
  sys_seconds this_update{};
  sys_seconds next_update{};
  /// What has changed since the newest full list, instead of everything.
  bool is_delta = false;
};

/// What was noted of a revocation list.
struct list_facts {
  std::uint64_t number = 0;
  sys_seconds this_update{};
  sys_seconds next_update{};
  std::int64_t covers = 0;  ///< The last revocation that it knows of.
};

/// What was noted of a revocation list that is being made.
struct list_begun {
  std::uint64_t number = 0;
  std::optional<std::uint64_t> base;  ///< The number of the full list that a delta is of.
};

}  // namespace mutual::authority
