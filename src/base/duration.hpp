#pragma once
// Spans of time, read from what a person types.

#include <chrono>
#include <optional>
#include <string_view>

namespace mutual {

/// The span that a text says: a whole number and its unit, "90s", "30m", "24h" or "7d". Nothing for others, for none,
/// and for more than a hundred years.
std::optional<std::chrono::seconds> duration_from_text(std::string_view text);

}  // namespace mutual
