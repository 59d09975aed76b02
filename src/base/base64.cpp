#include "base/base64.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace mutual::base64 {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint8_t no_digit = 64;  // the bit that no digit has

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

bool append_decoded(std::string_view text, std::string& out) {
  if (text.size() % 4 != 0) return false;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  const auto digits = text.substr(0, text.size() - padding);
  const auto before = out.size();
  out.resize(before + digits.size() * 3 / 4);
  char* to = out.data() + before;
  std::size_t at = 0;
  // Four at a time: a revocation list has a hundred million of them.
  std::uint32_t wrong = 0;
  for (; at + 4 <= digits.size(); at += 4) {
    const std::uint32_t a = value_of(digits[at]), b = value_of(digits[at + 1]), c = value_of(digits[at + 2]),
                        d = value_of(digits[at + 3]);
    wrong |= a | b | c | d;
    const auto bits = a << 18U | b << 12U | c << 6U | d;
    *to++ = static_cast<char>(bits >> 16U & 0xFFU);
    *to++ = static_cast<char>(bits >> 8U & 0xFFU);
    *to++ = static_cast<char>(bits & 0xFFU);
  }
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (; at < digits.size(); ++at) {
    const std::uint32_t value = value_of(digits[at]);
    wrong |= value;
    bits = bits << 6U | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    *to++ = static_cast<char>(bits >> count & 0xFFU);
  }
  // RFC 4648 section 3.5: what is left over stands for nothing, and must say so.
  const bool good = (wrong & no_digit) == 0 && (bits & ((1U << count) - 1)) == 0;
  if (!good) out.resize(before);
  return good;
}

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  return append_decoded(text, out) ? std::optional(std::move(out)) : std::nullopt;
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
