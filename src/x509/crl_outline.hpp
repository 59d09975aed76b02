#pragma once
// crl_outline: where the parts of a revocation list lie in its DER, found without decoding the list.

#include <optional>
#include <string>
#include <string_view>

namespace mutual::x509 {

/// The parts of a CertificateList (RFC 5280 section 5.1). All of them are views of the bytes that it was made from.
struct crl_outline {
  std::string_view signed_part;     ///< tbsCertList with its tag and length: what the signature is over.
  std::string_view named_inside;    ///< The AlgorithmIdentifier in it, with its tag and length.
  std::string_view before_entries;  ///< Its contents up to revokedCertificates.
  std::string_view entries;         ///< The contents of revokedCertificates; empty if there are none.
  std::string_view after_entries;   ///< What follows: crlExtensions.
  std::string_view algorithm;       ///< signatureAlgorithm with its tag and length.
  std::string_view signature;       ///< The contents of signatureValue, the count of unused bits first.
};

/// Nothing if the bytes are not one whole DER list of definite, minimal lengths.
std::optional<crl_outline> outline_of(std::string_view der);

/// The same list in DER without its entries and with an empty signature, which no key has made: everything that is to
/// be known of it but whom it revokes and who has signed it. The true signature must not stand here: a CA that has
/// signed an empty list would seem to have signed every list that is made from it by adding entries.
std::string without_entries_and_signature(const crl_outline& of);

}  // namespace mutual::x509
