#include "base/duration.hpp"

#include "base/text.hpp"

namespace mutual {

std::optional<std::chrono::seconds> duration_from_text(std::string_view text) {
  constexpr std::chrono::days longest{36500};
  if (text.size() < 2) return std::nullopt;
  const char unit = text.back();
  const long long seconds = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : unit == 'd' ? 86'400 : 0;
  const auto count = text::to_number(text.substr(0, text.size() - 1));
  if (seconds == 0 || !count || *count == 0) return std::nullopt;
  constexpr auto most = static_cast<unsigned long long>(std::chrono::seconds(longest).count());
  if (*count > most / static_cast<unsigned long long>(seconds)) return std::nullopt;
  return std::chrono::seconds(static_cast<long long>(*count) * seconds);
}

}  // namespace mutual
