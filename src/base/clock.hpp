#pragma once
// Points in time, and how they are written.

#include <chrono>
#include <string>

namespace mutual {

using sys_seconds = std::chrono::sys_seconds;

/// The system's time, in whole seconds.
sys_seconds now();

/// The steady clock's time when the kernel last looked at it, no more than 10 ms ago: for spans where that does not
/// matter. It costs a few nanoseconds, steady_clock::now() dozens, and hundreds in some virtual machines.
std::chrono::steady_clock::time_point coarse_now();

/// "2026-11-23 14:05:00 UTC".
std::string to_text(sys_seconds time);

/// "2026-11-23T14:05:00Z" (RFC 3339).
std::string to_rfc3339(sys_seconds time);

/// A span as people say it: "3 days", "2 hours", "1 minute"; the largest unit only, and never negative.
std::string to_words(std::chrono::seconds span);

}  // namespace mutual
