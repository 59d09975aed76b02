#pragma once
// listed_revocation: what one entry of somebody else's revocation list says, as far as an inventory can hold it.

#include "authority/record.hpp"

#include <mutual/result.hpp>

#include <openssl/x509.h>

#include <optional>
#include <string>

namespace mutual::authority {

/// One entry.
struct listed_revocation {
  std::string serial;  ///< Lower-case hex.
  /// Nothing if the entry takes one back: in a delta list, of a hold that has ended (RFC 5280 section 5.3.1).
  std::optional<revocation_reason> reason;
};

/// Reads one. A reason that RFC 5280 does not know, or that cannot be read, is `unspecified`: it is revoked all the
/// same. An error (bad_input) for a serial number that could stand in no list of ours (RFC 5280 section 4.1.2.2:
/// positive, up to 20 octets), which would be lost without a word.
result<listed_revocation> read_listed(const X509_REVOKED* entry);

}  // namespace mutual::authority
