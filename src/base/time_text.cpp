#include "base/time_text.hpp"

#include "base/text.hpp"

namespace mutual {
namespace {

// A number of exactly so many digits at the front, which is then taken away together with the character behind it.
std::optional<int> take(std::string_view& from, std::size_t digits, char then) {
  if (from.size() < digits || (then != '\0' && (from.size() == digits || from[digits] != then))) return std::nullopt;
  const auto number = text::to_number(from.substr(0, digits));
  if (!number) return std::nullopt;
  from.remove_prefix(digits + (then != '\0' ? 1 : 0));
  return static_cast<int>(*number);
}

std::optional<std::chrono::sys_days> take_day(std::string_view& from, char then) {
  const auto year = take(from, 4, '-');
  const auto month = year ? take(from, 2, '-') : std::nullopt;
  const auto day = month ? take(from, 2, then) : std::nullopt;
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

}  // namespace

std::optional<sys_seconds> time_from_text(std::string_view text) {
  if (text.size() == 10) return take_day(text, '\0');
  const char middle = text.size() > 10 ? text[10] : '\0';
  if (middle != 'T' && middle != ' ') return std::nullopt;
  const auto date = take_day(text, middle);
  const auto hours = date ? take(text, 2, ':') : std::nullopt;
  const auto minutes = hours ? take(text, 2, ':') : std::nullopt;
  const auto seconds = minutes ? take(text, 2, '\0') : std::nullopt;
  if (!seconds || *hours > 23 || *minutes > 59 || *seconds > 59) return std::nullopt;
  if (text != (middle == 'T' ? "Z" : " UTC")) return std::nullopt;
  return *date + std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + std::chrono::seconds(*seconds);
}

}  // namespace mutual
