#pragma once
// lookup_list: a revocation list to look people up in, small however many it revokes.

#include "x509/crl.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mutual::x509 {

/// A revocation list for judging by: what it says of itself, who has signed it, and whom it revokes; not when or why,
/// and not the bytes that it was read from. Copies share it; it never changes. Safe from any thread.
///
/// Nearly every list is kept compact: about 23 bytes for each that it revokes, where OpenSSL's own form takes some 330.
/// One that says more of an entry than that it is revoked (deltas that take back, lists for several CAs, critical
/// extensions), or whose signature is not over a digest (Ed25519, RSA-PSS), is kept as OpenSSL reads it.
class lookup_list {
 public:
  /// Reads one list, in memory that the size of `der` bounds; an error if it is malformed or if bytes follow it.
  static result<lookup_list> from_der(std::string_view der);

  /// One that has been read already, as it is.
  explicit lookup_list(crl whole);

  /// Everything that the list says of itself; if is_compact(), without the entries and with an empty signature, which
  /// never verifies. Ask is_signed_by() and revokes().
  X509_CRL* get() const { return about_.get(); }

  std::string issuer() const { return about_.issuer(); }  ///< RFC 4514.
  sys_seconds this_update() const { return about_.this_update(); }
  /// When a newer one is due; nothing if it does not say.
  std::optional<sys_seconds> next_update() const { return about_.next_update(); }
  /// The CRL number in lower-case hex; empty if it has none.
  std::string number() const { return about_.number(); }
  /// Whether both are one list: they have one signature, and so say the same if it is good.
  bool is_same_as(const lookup_list& other) const { return signature() == other.signature(); }
  /// How many entries it has.
  std::size_t size() const;

  bool is_compact() const { return compact_ != nullptr; }
  /// The memory that its entries take, in bytes; 0 if it is not compact.
  std::size_t bytes() const;

  /// Whether that key has signed it. Costs a signature, whatever the length of the list, if it is compact.
  bool is_signed_by(EVP_PKEY* key) const;
  /// Whether the list is that CA's, by name and signature.
  bool is_signed_by(const certificate& issuer) const;
  /// Whether the list names that serial (an entry "removeFromCRL" does not count). The issuer is not compared.
  bool revokes(const ASN1_INTEGER* serial) const;

 private:
  struct compact;
  lookup_list(crl about, std::shared_ptr<const compact> entries)
      : about_(std::move(about)), compact_(std::move(entries)) {}
  bool has_signed_digest(EVP_PKEY* key) const;
  std::string_view signature() const;

  crl about_;
  std::shared_ptr<const compact> compact_;
};

}  // namespace mutual::x509
