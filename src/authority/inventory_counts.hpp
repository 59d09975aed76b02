#pragma once
// inventory_counts: how much there is of what has not ended.

#include "authority/inventory.hpp"

#include <mutual/result.hpp>

#include <cstdint>

namespace mutual::authority {

struct inventory_counts {
  std::int64_t certificates = 0;  ///< Of CAs and responders too.
  std::int64_t revoked = 0;       ///< Of those, the ones that are revoked or on hold.
  std::int64_t tokens = 0;        ///< That have not been used either.
};

/// Looks at indices of all certificates, and at all tokens: not for each request.
result<inventory_counts> count(inventory& in);

}  // namespace mutual::authority
