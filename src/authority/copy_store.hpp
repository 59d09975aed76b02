#pragma once
// copy_store: everything that an inventory holds, in another database, and the proof that it is the same.

#include "authority/database.hpp"

#include <mutual/result.hpp>

#include <cstdint>

namespace mutual::authority {

/// How much was copied.
struct copied {
  std::int64_t certificates = 0;
  std::int64_t acts = 0;
  std::int64_t lists = 0;  ///< Revocation lists, by their numbers.
};

/// Copies all rows of the newest schema's tables to another database, whose tables are empty, and reads them there
/// again: the same number, and the same in each column, or it is an error (internal). Part of a transaction on both, so
/// that nothing changes meanwhile.
result<copied> copy_store(database& from, database& to);

}  // namespace mutual::authority
