#pragma once
// The builder: certificates and revocation lists made from a description, exactly as described.

#include "base/clock.hpp"
#include "x509/certificate.hpp"
#include "x509/certificate_places.hpp"
#include "x509/crl.hpp"
#include "x509/key.hpp"
#include "x509/name.hpp"

#include <mutual/peer.hpp>
#include <mutual/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::x509 {

/// An extension that the builder has no field for.
struct raw_extension {
  std::string oid;  ///< "1.3.6.1.4.1.99999.1", or OpenSSL's name of it.
  bool critical = false;
  std::string der;  ///< The value inside the OCTET STRING.
};

/// Everything about a certificate but its keys. profile.hpp fills it in as RFC 5280 wants it; a test fills it in as the
/// test wants it. The subject and authority key identifiers are always there.
struct certificate_spec {
  distinguished_name subject;
  alternative_names names;
  sys_seconds not_before{};
  sys_seconds not_after{};
  /// basicConstraints (critical): CA:TRUE or CA:FALSE; without a value, no extension.
  std::optional<bool> ca;
  std::optional<int> path_length;
  /// keyUsage (critical): OpenSSL's KU_ bits; 0 for no extension.
  std::uint32_t key_usage = 0;
  /// extendedKeyUsage: OpenSSL's NIDs (NID_client_auth); empty for no extension.
  std::vector<int> extended_key_usage;
  certificate_places places;
  std::vector<raw_extension> others;
  /// The serial number in hex; empty for a random one.
  std::string serial;
  /// The signature's digest ("SHA1"); empty for the one that fits the signing key.
  std::string digest;
};

/// A new serial number in hex: positive, 20 octets, 158 bits of them random (RFC 5280 section 4.1.2.2 allows 20).
std::string random_serial();

/// What of a certificate that was made is read back from its bytes.
enum class read_back {
  whole,
  /// All but its public key, which OpenSSL 3.0 takes longer for than for the signature: for who passes it on. What asks
  /// the certificate for its key finds none.
  without_key,
};

/// A certificate for `subject_key` (its public half is enough), signed by the issuer. Dates are taken as they are.
result<certificate> make_certificate(const certificate_spec& spec, EVP_PKEY* subject_key, const certificate& issuer,
                                     const private_key& issuer_key, read_back how = read_back::whole);

/// A certificate signed by its own key.
result<certificate> make_self_signed(const certificate_spec& spec, const private_key& key);

/// The same self-signed CA certificate with what RFC 5280 wants of CAs and it lacks: a key usage, to sign certificates
/// and revocation lists, and a subject key identifier. Signed anew by its key, under a new serial number, with the same
/// name, dates and other extensions: whoever trusts either believes what that key has signed.
result<certificate> with_ca_extensions(const certificate& before, const private_key& key);

/// The same certificate with one bit of its signature turned over: well-formed, and nobody's word.
result<certificate> with_broken_signature(const certificate& good);

/// One line of a revocation list.
struct revoked_certificate {
  std::string serial;  ///< Hex.
  sys_seconds when{};
  /// RFC 5280 section 5.3.1: 1 keyCompromise, 3 affiliationChanged, 4 superseded, 5 cessationOfOperation …
  std::optional<int> reason = std::nullopt;
};

/// What a revocation list says.
struct crl_spec {
  std::uint64_t number = 1;
  sys_seconds this_update{};
  std::optional<sys_seconds> next_update;
  std::vector<revoked_certificate> revoked;
  /// The number of the full list that this one says the changes since (RFC 5280 section 5.2.4); none for a full list.
  std::optional<std::uint64_t> base = std::nullopt;
};

/// A revocation list signed by the CA (RFC 5280 section 5, version 2, with CRL number and authority key identifier).
result<crl> make_crl(const crl_spec& spec, const certificate& issuer, const private_key& issuer_key);

}  // namespace mutual::x509
