#pragma once
// Paths from a leaf to an anchor: which certificates could stand between, by their names and key identifiers.

#include "tls/trust.hpp"
#include "x509/openssl.hpp"

#include <functional>
#include <vector>

namespace mutual::tls {

/// Leaf first, anchor last. Borrows.
using path = std::vector<X509*>;

/// What bounds the work on one chain, however it was made up.
struct path_limits {
  static constexpr int most_sent = 32;            ///< Certificates beside the leaf.
  static constexpr long most_bytes = 128 * 1024;  ///< Of DER, all together.
  static constexpr int most_steps = 200;          ///< Certificates looked at in the search.
  static constexpr int most_tried = 8;            ///< Whole paths that are judged.
  static constexpr std::size_t longest = 16;      ///< Certificates in a path, whatever most_intermediates says.
};

struct search_outcome {
  bool ended_early = false;  ///< A visit said that it is done.
  int found = 0;             ///< Paths that reached an anchor.
  bool gave_up = false;      ///< A limit was met before all paths were seen.
  path stump;                ///< The longest path that reached no anchor; for telling why.
};

/// Calls `visit` with each path from the leaf to an anchor, the likeliest first, until it gives true or a limit is met.
/// RFC 5280 leaves the search open (section 3.2; RFC 4158 has the art of it): anchors before the trust's own
/// intermediates before what was sent; no certificate twice.
search_outcome search_paths(const trust& by, X509* leaf, const STACK_OF(X509) * sent,
                            const std::function<bool(const path&)>& visit);

/// Whether names, key identifiers and key type let `issuer` be the issuer of `one`. A CA that may not sign certificates
/// counts: the path is judged and the fault told.
bool could_issue(X509* issuer, X509* one);

}  // namespace mutual::tls
