#include "authority/serial_word.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::authority {
namespace {

constexpr std::size_t digits_of_ours = 40;  // random_serial(): 20 octets, the first of them never zero.

error taken_for_one(std::string_view name, std::string_view what) {
  return {errc::bad_usage, fmt::format("{} cannot be a name: it {}, and who revokes that could mean either; choose "
                                       "another name",
                                       text::quoted(name), what)};
}

}  // namespace

std::string as_serial(std::string_view what) {
  auto plain = text::lower(what);
  std::erase(plain, ':');
  if (plain.starts_with("0x")) plain.erase(0, 2);
  if (plain.empty() || plain.size() > 42 || plain.find_first_not_of("0123456789abcdef") != std::string::npos) return {};
  plain.erase(0, std::min(plain.find_first_not_of('0'), plain.size() - 1));
  return plain;
}

bool is_like_ours(std::string_view what) {
  const auto serial = as_serial(what);
  return !serial.empty() && (serial.size() == digits_of_ours || what.size() == digits_of_ours);
}

result<> check_is_no_serial(std::string_view name) {
  if (!is_like_ours(name)) return {};
  return taken_for_one(name, "is what a serial number looks like (40 hexadecimal digits)");
}

result<> check_is_no_serial(std::string_view name, inventory& in) {
  MUTUAL_CHECK(check_is_no_serial(name));
  const auto serial = as_serial(name);
  if (serial.empty()) return {};
  MUTUAL_TRY(const auto known, in.find_serial(serial));
  if (!known) return {};
  return taken_for_one(name, fmt::format("is the serial number of {}", text::quoted(known->subject)));
}

}  // namespace mutual::authority
