#pragma once
// ip_range: a range of IP addresses, as "10.0.0.0/8" or "2001:db8::/32".

#include <mutual/result.hpp>

#include <string>
#include <string_view>

namespace mutual::x509 {

/// The addresses that share a network's first bits. Both are as many bytes as an address has (4 or 16).
struct ip_range {
  std::string network;
  std::string mask;

  /// Whether the address ("10.1.2.3", as inet_ntop writes it) is in it.
  bool contains(std::string_view address) const;

  friend bool operator==(const ip_range&, const ip_range&) = default;
};

/// The range of a text; a single address is a range of one. An error (bad_usage) that says what is wrong: no address,
/// no such length, or bits set behind the length, which would mean less than it says.
result<ip_range> ip_range_from_text(std::string_view text);

}  // namespace mutual::x509
