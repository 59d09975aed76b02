#pragma once
// patience: what somebody says about answers and lists that do not come.

#include <mutual/ocsp.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace mutual::tls {

/// What counts where nothing newer is there, and for how long.
struct patience {
  unanswered policy = unanswered::strict;
  std::chrono::seconds grace{0};  ///< More than none for `grace`, none for the others.
};

/// What "strict", "off" and "grace=6h" say; nothing for others.
std::optional<patience> patience_from_text(std::string_view text);

}  // namespace mutual::tls
