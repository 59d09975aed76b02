#include "base/base64.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace mutual::base64 {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint8_t no_digit = 64;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::size_t at = 0; at < alphabet.size(); ++at) {
    values[static_cast<unsigned char>(alphabet[at])] = static_cast<std::uint8_t>(at);
  }
  return values;
}
constexpr auto values = make_values();

std::uint8_t value_of(char c) { return values[static_cast<unsigned char>(c)]; }

}  // namespace

std::string encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto octet = [&](std::size_t further) {
      return at + further < bytes.size() ? static_cast<unsigned char>(bytes[at + further]) : 0U;
    };
    const std::uint32_t group = octet(0) << 16U | octet(1) << 8U | octet(2);
    out += alphabet[group >> 18U];
    out += alphabet[group >> 12U & 63U];
    out += at + 1 < bytes.size() ? alphabet[group >> 6U & 63U] : '=';
    out += at + 2 < bytes.size() ? alphabet[group & 63U] : '=';
  }
  return out;
}

std::string encode_lines(std::string_view bytes) {
  constexpr std::size_t width = 64;
  const auto whole = encode(bytes);
  std::string out;
  for (std::size_t at = 0; at < whole.size(); at += width) out.append(whole, at, width).push_back('\n');
  return out;
}

std::optional<std::string> decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  const auto digits = text.substr(0, text.size() - padding);
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : digits) {
    const auto value = value_of(c);
    if (value == no_digit) return std::nullopt;
    bits = bits << 6U | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xFFU);
  }
  // RFC 4648 section 3.5: what is left over stands for nothing, and must say so.
  if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return out;
}

std::optional<std::string> decode_lines(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (const char c : text) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') plain += c;
  }
  return decode(plain);
}

}  // namespace mutual::base64
