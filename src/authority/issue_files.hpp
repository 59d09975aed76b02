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
#include "base/file_sync.hpp"
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

/// Step 1. It is on the disk when it returns; its name too, if it is to take another's place: without the key the name
/// would stand for nobody.
result<> stage_key(const layout& places, const x509::private_key& key, std::string_view serial,
                   bool takes_a_place = true);

/// The key in NAME.key, if it is that of the certificate: who has it in this folder renews it for the same key by
/// another way than a command. Nothing if it is not, or is not there; an error (io) if that cannot be told just now.
result<std::optional<x509::private_key>> key_in_place(const layout& places, std::string_view name,
                                                      const x509::certificate& leaf);

/// Step 3, for a certificate whose key is staged or in place already, or that has none here. Files that are there
/// already are left as they are, but for those of the certificate that `of` replaces: these go to issued/replaced, and
/// new ones take their place, the certificate last. All are on the disk when it returns; or, if `how` is nothing,
/// files_of() says what is to be put there before it counts as done. A certificate's file that a loss of power has left
/// half written is written again.
result<> publish(const layout& places, const record& of, const std::optional<x509::private_key>& key,
                 const std::vector<x509::certificate>& chain, std::string_view p12_password,
                 file::on_disk how = file::on_disk::contents);

/// The files of a certificate, those that it might have.
std::vector<std::filesystem::path> files_of(const layout& places, const std::string& name, const std::string& serial);

/// The serial numbers of those whose keys are staged.
std::vector<std::string> staged_serials(const layout& places);

/// Takes away staged keys but those of the serial numbers that are `wanted`, and halves of files that were being
/// written. Only while the folder is locked.
void sweep(const layout& places, const std::vector<std::string>& wanted);

}  // namespace mutual::authority
