#pragma once
// compromised_keys: keys that somebody else may have, and nobody certifies again.

#include "authority/database.hpp"

#include <mutual/result.hpp>

#include <openssl/evp.h>

#include <string_view>

namespace mutual::authority {

/// Notes that the key of that certificate is compromised. One of which only the serial number is known has none.
result<> note_compromised(database& db, std::string_view serial, std::string_view der);

/// Whether it was ever noted of that key, however it is written, or of one of which whoever holds that also holds this.
result<bool> is_compromised(database& db, const EVP_PKEY* key);

/// Notes the keys of all certificates that were revoked for it so far: for an inventory of before.
result<> note_all_compromised(database& db);

}  // namespace mutual::authority
