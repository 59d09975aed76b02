#pragma once
// Points in time, and how they are written.

#include <chrono>
#include <string>

namespace mutual {

using sys_seconds = std::chrono::sys_seconds;

/// The system's time, in whole seconds.
inline sys_seconds now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

/// "2026-11-23 14:05:00 UTC".
std::string to_text(sys_seconds time);

/// "2026-11-23T14:05:00Z" (RFC 3339).
std::string to_rfc3339(sys_seconds time);

/// A span as people say it: "3 days", "2 hours", "1 minute"; the largest unit only, and never negative.
std::string to_words(std::chrono::seconds span);

}  // namespace mutual
