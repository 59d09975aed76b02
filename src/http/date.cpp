#include "http/date.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mutual::http {
namespace {

constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> long_days = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Reads a date from left to right; once something is not as it should be, it stays bad.
class scanner {
 public:
  explicit scanner(std::string_view text) : rest_(text) {}

  scanner& literal(std::string_view expected) {
    good_ = good_ && rest_.starts_with(expected);
    if (good_) rest_.remove_prefix(expected.size());
    return *this;
  }

  scanner& number(std::size_t digits, int& value) {
    const auto text = rest_.substr(0, std::min(digits, rest_.size()));
    const bool all_digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    good_ = good_ && text.size() == digits && all_digits;
    if (good_) {
      value = static_cast<int>(*text::to_number(text));
      rest_.remove_prefix(digits);
    }
    return *this;
  }

  // One of `names`; its place among them.
  template <class Names>
  scanner& name(const Names& names, int& place) {
    const auto found = std::find_if(names.begin(), names.end(), [&](auto each) { return rest_.starts_with(each); });
    good_ = good_ && found != names.end();
    if (good_) {
      place = static_cast<int>(found - names.begin());
      rest_.remove_prefix(found->size());
    }
    return *this;
  }

  scanner& clock(int& hour, int& minute, int& second) {
    return number(2, hour).literal(":").number(2, minute).literal(":").number(2, second);
  }

  bool whole() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

struct civil_time {
  int weekday = 0, day = 0, month = 0, year = 0, hour = 0, minute = 0, second = 0;
};

std::optional<sys_seconds> to_time(const civil_time& t) {
  using namespace std::chrono;
  const year_month_day date{year(t.year), month(static_cast<unsigned>(t.month + 1)), day(static_cast<unsigned>(t.day))};
  if (!date.ok() || t.hour > 23 || t.minute > 59 || t.second > 60) return std::nullopt;
  if (weekday(sys_days(date)).c_encoding() != static_cast<unsigned>(t.weekday)) return std::nullopt;
  return sys_days(date) + hours(t.hour) + minutes(t.minute) + seconds(t.second);
}

std::optional<sys_seconds> read_rfc850(std::string_view text, sys_seconds today) {
  civil_time t;
  scanner in(text);
  in.name(long_days, t.weekday).literal(", ").number(2, t.day).literal("-").name(months, t.month).literal("-");
  in.number(2, t.year).literal(" ").clock(t.hour, t.minute, t.second).literal(" GMT");
  if (!in.whole()) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(today));
  const int this_year = static_cast<int>(date.year());
  t.year += this_year - this_year % 100;
  if (t.year > this_year + 50) t.year -= 100;
  return to_time(t);
}

std::optional<sys_seconds> read_asctime(std::string_view text) {
  civil_time t;
  scanner in(text);
  in.name(days, t.weekday).literal(" ").name(months, t.month).literal(" ");
  const bool one_digit = text.size() > 8 && text[8] == ' ';
  if (one_digit) in.literal(" ");
  in.number(one_digit ? 1 : 2, t.day).literal(" ").clock(t.hour, t.minute, t.second).literal(" ").number(4, t.year);
  return in.whole() ? to_time(t) : std::nullopt;
}

}  // namespace

std::string to_http_date(sys_seconds time) {
  using namespace std::chrono;
  const auto midnight = floor<std::chrono::days>(time);
  const year_month_day date(midnight);
  const hh_mm_ss clock(time - midnight);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[weekday(midnight).c_encoding()],
                     static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::optional<sys_seconds> from_http_date(std::string_view text, sys_seconds today) {
  civil_time t;
  scanner in(text);
  in.name(days, t.weekday).literal(", ").number(2, t.day).literal(" ").name(months, t.month).literal(" ");
  in.number(4, t.year).literal(" ").clock(t.hour, t.minute, t.second).literal(" GMT");
  if (in.whole()) return to_time(t);
  if (const auto old = read_rfc850(text, today)) return old;
  return read_asctime(text);
}

}  // namespace mutual::http
