#include "x509/crl_entries.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mutual::x509 {
namespace {

constexpr char sequence = 0x30, integer = 0x02, utc_time = 0x17, generalized_time = 0x18;

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The contents of an INTEGER: no zero octet in front that need not be there (X.690 section 8.3.2). Empty if it is none.
std::string integer_of(std::string_view digits) {
  std::string out;
  if (digits.empty() || digits.size() > 40) return out;
  int high = digits.size() % 2 == 0 ? -1 : 0;
  for (const char c : digits) {
    const int digit = digit_of(c);
    if (digit < 0) return {};
    if (high < 0) {
      high = digit;
    } else {
      out += static_cast<char>(high * 16 + digit);
      high = -1;
    }
  }
  out.erase(0, std::min(out.find_first_not_of('\0'), out.size() - 1));
  if ((static_cast<unsigned char>(out.front()) & 0x80U) != 0) out.insert(out.begin(), '\0');
  return out;
}

void append_two(std::string& to, unsigned number) {
  to += static_cast<char>('0' + number / 10);
  to += static_cast<char>('0' + number % 10);
}

// RFC 5280 section 5.1.2.4: UTCTime through 2049, GeneralizedTime from 2050 on. Empty for what neither can say.
std::string time_of(sys_seconds when) {
  constexpr std::int64_t first = -62'135'596'800, last = 253'402'300'799;  // of the years 1 to 9999
  const auto count = when.time_since_epoch().count();
  if (count < first || count > last) return {};
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss within(when - day);
  const int year = int{date.year()};
  const bool is_short = year >= 1950 && year < 2050;
  std::string out(1, is_short ? utc_time : generalized_time);
  out += static_cast<char>(is_short ? 13 : 15);
  if (!is_short) append_two(out, static_cast<unsigned>(year) / 100);
  append_two(out, static_cast<unsigned>(year) % 100);
  append_two(out, unsigned{date.month()});
  append_two(out, unsigned{date.day()});
  append_two(out, static_cast<unsigned>(within.hours().count()));
  append_two(out, static_cast<unsigned>(within.minutes().count()));
  append_two(out, static_cast<unsigned>(within.seconds().count()));
  return out += 'Z';
}

// crlEntryExtensions with a CRLReason, which is not critical (RFC 5280 section 5.3.1).
std::string extensions_of(int reason) {
  std::string out("\x30\x0C\x30\x0A\x06\x03\x55\x1D\x15\x04\x03\x0A\x01", 13);
  return out += static_cast<char>(reason);
}

}  // namespace

result<> crl_entries::add(std::string_view serial, sys_seconds when, std::optional<int> reason) {
  const auto number = integer_of(serial);
  const auto time = time_of(when);
  if (number.empty() || time.empty()) {
    return error(errc::bad_usage,
                 fmt::format("cannot revoke the serial number {}: it is not one, or the date is none of our calendar",
                             text::quoted(serial)));
  }
  const bool says_why = reason && *reason != 0;
  // RFC 5280 section 5.3.1: 7 is not used.
  if (says_why && (*reason < 1 || *reason > 10 || *reason == 7)) {
    return error(errc::bad_usage, fmt::format("there is no reason {} to revoke for", *reason));
  }
  const auto extensions = says_why ? extensions_of(*reason) : std::string();
  // At most 21 + 15 + 14 octets and their tags: each length takes one octet.
  begins_.push_back(der_.size());
  der_ += sequence;
  der_ += static_cast<char>(2 + number.size() + time.size() + extensions.size());
  der_ += integer;
  der_ += static_cast<char>(number.size());
  der_.append(number).append(time).append(extensions);
  return {};
}

std::string_view crl_entries::entry_at(std::size_t begin) const {
  return std::string_view(der_).substr(begin, 2U + static_cast<unsigned char>(der_[begin + 1]));
}

std::string_view crl_entries::number_at(std::size_t begin) const {
  return std::string_view(der_).substr(begin + 4, static_cast<unsigned char>(der_[begin + 3]));
}

std::string crl_entries::take() {
  // Of two positive INTEGERs the longer is the greater.
  const auto is_less = [this](std::size_t left, std::size_t right) {
    const auto one = number_at(left), other = number_at(right);
    return one.size() != other.size() ? one.size() < other.size() : one < other;
  };
  if (!std::is_sorted(begins_.begin(), begins_.end(), is_less)) {
    std::sort(begins_.begin(), begins_.end(), is_less);
    std::string sorted;
    sorted.reserve(der_.size());
    for (const auto begin : begins_) sorted.append(entry_at(begin));
    der_ = std::move(sorted);
  }
  begins_ = {};
  return std::exchange(der_, {});
}

}  // namespace mutual::x509
