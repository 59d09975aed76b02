#pragma once
// retired: CAs that issue no more any more, but still answer for what they have issued.

#include "authority/layout.hpp"
#include "x509/crl.hpp"
#include "x509/identity.hpp"

#include <mutual/result.hpp>

#include <string>
#include <vector>

namespace mutual::authority {

/// An intermediate that issues no more, and what its files are called.
struct retired_issuer {
  x509::identity who;
  std::string called;  ///< "retired/SERIAL"
};

struct retired_authorities {
  std::vector<retired_issuer> issuers;
  /// The last lists of roots that were replaced.
  std::vector<x509::crl> root_lists;
};

/// What lies in the folder `retired` and has not ended; nothing if there is no such folder.
result<retired_authorities> load_retired(const layout& places);

}  // namespace mutual::authority
