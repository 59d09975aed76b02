#pragma once
// Revocation lists made from a description, without decoding what was made: they may be very long.

#include "base/clock.hpp"
#include "x509/certificate.hpp"
#include "x509/crl_entries.hpp"
#include "x509/key.hpp"

#include <mutual/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mutual::x509 {

/// What a revocation list says of itself.
struct crl_facts {
  std::uint64_t number = 1;
  sys_seconds this_update{};
  std::optional<sys_seconds> next_update;
  /// The number of the full list that this one says the changes since (RFC 5280 section 5.2.4); none for a full list.
  std::optional<std::uint64_t> base = std::nullopt;
};

/// The DER of a revocation list signed by the CA (RFC 5280 section 5, version 2, with CRL number and authority key
/// identifier). Takes the entries out of `entries`.
result<std::string> make_list_der(const crl_facts& facts, crl_entries& entries, const certificate& issuer,
                                  const private_key& issuer_key);

/// Whether the CA's key has signed that DER of a list, which make_list_der() has made.
bool has_signature_of(std::string_view list_der, const certificate& issuer);

/// Puts a list in PEM after what is in `to`.
void append_list_pem(std::string& to, std::string_view list_der);

}  // namespace mutual::x509
