#include "base/random.hpp"
#include "base/text.hpp"

#include <mutual/parameter.hpp>
#include <mutual/uuid.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace mutual {
namespace detail {
namespace {

// std::from_chars takes no "+", no spaces and no "0x"; the whole text must be the number.
template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<long long> parse_signed(std::string_view text, long long least, long long most) {
  const auto value = parse_whole<long long>(text);
  return value && *value >= least && *value <= most ? value : std::nullopt;
}

std::optional<unsigned long long> parse_unsigned(std::string_view text, unsigned long long most) {
  const auto value = parse_whole<unsigned long long>(text);
  return value && *value <= most ? value : std::nullopt;
}

std::optional<double> parse_double(std::string_view text) {
  const auto value = parse_whole<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

}  // namespace detail

std::optional<uuid> uuid::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = std::string_view("0123456789abcdefABCDEF").find(text[i]) != std::string_view::npos;
    if (dash ? text[i] != '-' : !hex) return std::nullopt;
  }
  return uuid(text::lower(text));
}

uuid uuid::random() {
  std::string out = random_hex(16);
  out[12] = '4';                                               // The version (RFC 9562 section 4.2),
  out[16] = "89ab"[static_cast<unsigned char>(out[16]) & 3U];  // and the variant (section 4.1).
  for (const std::size_t at : {8U, 13U, 18U, 23U}) out.insert(at, 1, '-');
  return uuid(std::move(out));
}

}  // namespace mutual
