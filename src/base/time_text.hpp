#pragma once
// Points in time, read from what a person types.

#include "base/clock.hpp"

#include <optional>
#include <string_view>

namespace mutual {

/// The time that a text says, always in UTC: "2026-11-23" (its first second), "2026-11-23T14:05:00Z" (RFC 3339, without
/// fractions), or "2026-11-23 14:05:00 UTC", as we write it. Nothing for others, and for days that no calendar has.
std::optional<sys_seconds> time_from_text(std::string_view text);

}  // namespace mutual
