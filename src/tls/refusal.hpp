#pragma once
// How a refusal is told in the log.

#include "tls/verdict.hpp"

#include <mutual/reason.hpp>

#include <string>
#include <string_view>

namespace mutual::tls {

/// One line that says who was refused, why, what they presented, and what would mend it. `judged` may be null: then
/// nothing was presented.
std::string refusal_line(std::string_view remote, reason code, std::string_view detail, const verdict* judged);

}  // namespace mutual::tls
