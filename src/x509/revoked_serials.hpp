#pragma once
// revoked_serials: whom a revocation list revokes, for looking up and nothing else.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace mutual::x509 {

/// The serial numbers of a list's entries, exactly, in about 22 bytes each at most, whatever the length of the list.
/// Immutable, so safe from any thread.
class revoked_serials {
 public:
  /// From the contents of revokedCertificates (RFC 5280 section 5.1.2.6). Nothing if there is any entry that means more
  /// than "this serial number is revoked", or that is not of the plainest form: a serial number that is negative or has
  /// more than 20 octets, an extension that is critical, unknown, repeated, or says removeFromCRL or certificateIssuer.
  /// Whoever gets nothing decodes the list whole.
  static std::optional<revoked_serials> from_entries(std::string_view entries);

  /// Whether the number is in the list. `magnitude` is big-endian, as ASN1_STRING_get0_data() of a number that is not
  /// negative gives it.
  bool contains(std::string_view magnitude) const;

  std::size_t size() const { return size_; }
  /// The memory that it takes, in bytes.
  std::size_t bytes() const { return numbers_.capacity() + first_.capacity() * sizeof(std::uint32_t); }

 private:
  revoked_serials() = default;
  std::size_t bucket_of(const char* number) const;

  std::uint64_t seed_ = 0;
  std::size_t size_ = 0;
  std::size_t width_ = 1;             // of a number: that of the longest, the others with zeros before them
  unsigned shift_ = 63;               // of a hash, for the number of a bucket
  std::vector<char> numbers_;         // bucket after bucket
  std::vector<std::uint32_t> first_;  // where each bucket begins, and one more for the end
};

}  // namespace mutual::x509
