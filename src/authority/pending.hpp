#pragma once
// pending: files of a PKI that change together. They are put down as an intention that survives a crash, and then
// carried out, as often as it takes:
//
//   1. the intention gets its name, whole            intend
//   2. the inventory records what decides it         (the inventory)
//   3. the files change                              carry_out
//   4. the intention goes                            forget_intention
//
// A crash before 2 is taken back: the intention goes, and nothing has changed. One after 2 is taken up again at 3.

#include "authority/layout.hpp"
#include "x509/secret.hpp"

#include <mutual/result.hpp>

#include <optional>
#include <string>
#include <vector>

namespace mutual::authority {

/// A file's new contents, by its name in the PKI's folder. Without contents the file goes.
struct pending_file {
  std::string name;
  x509::secret contents;
};

/// What was put down.
struct intention {
  /// The serial number of the certificate whose record decides that it happens; empty if it happens in any case.
  std::string decided_by;
};

/// Step 1. Keys are written so that only their owner reads them. Only while the folder is locked, as all of these.
result<> intend(const layout& places, const std::vector<pending_file>& files, const std::string& decided_by);

/// The intention that is there, if one is.
result<std::optional<intention>> read_intention(const layout& places);

/// Step 3. May be done again.
result<> carry_out(const layout& places);

/// Step 4, or the way back after 1.
result<> forget_intention(const layout& places);

/// Takes away what processes that were killed have begun to put down, or to take away.
void sweep_intentions(const layout& places);

}  // namespace mutual::authority
