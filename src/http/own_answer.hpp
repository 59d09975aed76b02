#pragma once
// Answers of the server's own, where no handler gives one.

#include <mutual/reason.hpp>
#include <mutual/response.hpp>

#include <optional>
#include <string_view>

namespace mutual::http {

/// A problem (RFC 9457) with that status and that sentence; with the member "reason" if somebody is refused for who
/// they are, as problem::refused has it.
response own_answer(int status, std::string_view detail, std::optional<reason> refused = std::nullopt);

}  // namespace mutual::http
