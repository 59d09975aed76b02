#pragma once
// revoked_serials: whom a revocation list revokes, for looking up and nothing else.

#include "x509/serial_table.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace mutual::x509 {

/// The serial numbers of a list's entries, exactly, in about 23 bytes each at most, whatever the length of the list.
/// Immutable, so safe from any thread.
class revoked_serials {
 public:
  /// From the contents of revokedCertificates (RFC 5280 section 5.1.2.6). Nothing if there is any entry that means more
  /// than "this serial number is revoked", or that is not of the plainest form: a serial number that is negative or has
  /// more than 20 octets (RFC 5280 section 4.1.2.2), an extension that is critical, unknown, repeated, or says
  /// removeFromCRL or certificateIssuer. Whoever gets nothing decodes the list whole.
  static std::optional<revoked_serials> from_entries(std::string_view entries);

  /// Whether the number is in the list. `magnitude` is big-endian, as ASN1_STRING_get0_data() of a number that is not
  /// negative gives it.
  bool contains(std::string_view magnitude) const { return numbers_.contains(magnitude); }

  /// How many entries the list has; some may be of the same number.
  std::size_t size() const { return size_; }
  /// The memory that it takes, in bytes.
  std::size_t bytes() const { return numbers_.bytes(); }

 private:
  revoked_serials(serial_table numbers, std::size_t size) : numbers_(std::move(numbers)), size_(size) {}

  serial_table numbers_;
  std::size_t size_;
};

}  // namespace mutual::x509
