#pragma once
// The files of an issued certificate, written in an order that survives a crash at any point:
//
//   1. the key, under a name made from the serial, that nobody looks at    stage_key
//   2. the record, in the inventory                                       (the inventory)
//   3. the key, under its own name; the PKCS#12; the certificate          publish
//   4. the record again: issued                                           (the inventory)
//
// A crash before 2 leaves a key that belongs to nothing: swept away. One after 2 is taken up again at 3.

#include "authority/inventory.hpp"
#include "authority/layout.hpp"
#include "x509/identity.hpp"

#include <mutual/result.hpp>

#include <optional>
#include <string>
#include <vector>

namespace mutual::authority {

/// Where the key waits until its certificate is recorded.
std::filesystem::path staged_key(const layout& places, std::string_view serial);

/// An error if one of the files that NAME would get is there.
result<> check_unused(const layout& places, std::string_view name);

/// Step 1.
result<> stage_key(const layout& places, const x509::private_key& key, std::string_view serial);

/// Step 3, for a certificate whose key is staged, or that has none here. Files that are there already are left as they
/// are, but for those of the certificate that `of` replaces: these go to issued/replaced, and new ones take their
/// place, the certificate last.
result<> publish(const layout& places, const record& of, const std::optional<x509::private_key>& key,
                 const std::vector<x509::certificate>& chain, std::string_view p12_password);

/// Takes away staged keys that no record speaks of, and halves of files that were being written. Only while the
/// folder is locked.
void sweep(const layout& places, const std::vector<record>& unfinished);

}  // namespace mutual::authority
