#pragma once
// retired: CAs that issue no more since `mutual rotate`, but still answer for what they have issued.

#include "authority/inventory.hpp"
#include "authority/layout.hpp"
#include "authority/root_key.hpp"
#include "x509/crl.hpp"
#include "x509/identity.hpp"

#include <mutual/result.hpp>

#include <string>
#include <vector>

namespace mutual::authority {

/// An intermediate that issues no more, and what its files are called.
struct retired_issuer {
  x509::identity who;  ///< Without its key, if that cannot be used or is of no use any more.
  std::string called;  ///< "retired/SERIAL"
  bool has_ended = false;
  /// Why its key cannot be used, if so: it may be in a token that is gone.
  result<> key_state{};
};

/// A root that was replaced. While it is in trust.crt it is trusted still; after that its last list alone is here.
struct retired_root {
  root_place root;  ///< Its key may be kept elsewhere.
  /// Not once it has ended; nor when `mutual rotate finish`, which takes its list away before the trust, was
  /// interrupted.
  bool needs_list = true;
};

struct retired_authorities {
  std::vector<retired_issuer> issuers;
  std::vector<retired_root> roots;
  /// The last lists of intermediates that are finished with, or have ended: for servers that would miss them, and so
  /// that whoever is revoked stays so.
  std::vector<x509::crl> last_lists;
};

/// What lies in the folder `retired`, and what should: an intermediate that the inventory does not know to be finished
/// with is there with a `key_state` that says what is missing, also if all of its files are.
result<retired_authorities> load_retired(const layout& places, inventory& in);

/// Takes away what a rotation that came to nothing has put there: second names of the present CAs' files, so that a
/// root's key that is taken away or encrypted does not stay behind.
result<> sweep_retired(const layout& places);

}  // namespace mutual::authority
