#include "x509/ip_range.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>

namespace mutual::x509 {
namespace {

// The address's bytes; none if it is no address.
std::string bytes_of(std::string_view address) {
  const std::string terminated(address);
  if (terminated.find('\0') != std::string::npos) return {};
  std::array<char, 16> buffer{};
  if (::inet_pton(AF_INET, terminated.c_str(), buffer.data()) == 1) return {buffer.data(), 4};
  if (::inet_pton(AF_INET6, terminated.c_str(), buffer.data()) == 1) return {buffer.data(), 16};
  return {};
}

std::string mask_of(std::size_t bytes, std::size_t length) {
  std::string mask(bytes, '\0');
  for (std::size_t bit = 0; bit < length; ++bit) {
    mask[bit / 8] = static_cast<char>(static_cast<unsigned char>(mask[bit / 8]) | (0x80U >> (bit % 8)));
  }
  return mask;
}

std::string masked(std::string bytes, std::string_view mask) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) & static_cast<unsigned char>(mask[at]));
  }
  return bytes;
}

}  // namespace

bool ip_range::contains(std::string_view address) const {
  const auto bytes = bytes_of(address);
  return !bytes.empty() && bytes.size() == network.size() && masked(bytes, mask) == network;
}

result<ip_range> ip_range_from_text(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return error(errc::bad_usage, fmt::format("{} is no range of IP addresses: {}", text::quoted(text), why));
  };
  const auto slash = std::min(text.find('/'), text.size());
  const auto network = bytes_of(text.substr(0, slash));
  if (network.empty()) return bad("write 10.0.0.0/8 or 2001:db8::/32");
  const auto bits = network.size() * 8;
  const auto length = slash == text.size() ? bits : text::to_number(text.substr(slash + 1)).value_or(bits + 1);
  if (length > bits) return bad(fmt::format("behind the slash stands a number of bits from 0 to {}", bits));
  ip_range range{network, mask_of(network.size(), static_cast<std::size_t>(length))};
  if (masked(range.network, range.mask) != range.network) {
    return bad(fmt::format("it has bits set behind the first {}: write the network's own address", length));
  }
  return range;
}

}  // namespace mutual::x509
