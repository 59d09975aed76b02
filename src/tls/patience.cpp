#include "tls/patience.hpp"

#include "base/duration.hpp"

namespace mutual::tls {

std::optional<patience> patience_from_text(std::string_view text) {
  constexpr std::string_view grace = "grace=";
  if (text == "strict") return patience{};
  if (text == "off") return patience{unanswered::off, {}};
  if (!text.starts_with(grace)) return std::nullopt;
  const auto span = duration_from_text(text.substr(grace.size()));
  if (!span) return std::nullopt;
  return patience{unanswered::grace, *span};
}

}  // namespace mutual::tls
