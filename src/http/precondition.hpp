#pragma once
// Conditional requests (RFC 9110 section 13).

#include "base/clock.hpp"

#include <mutual/request.hpp>

#include <string>

namespace mutual::http {

/// What tells one state of a resource from another.
struct validators {
  std::string etag;        ///< As it stands in ETag: "\"a\"" or "W/\"a\"".
  sys_seconds modified{};  ///< As it stands in Last-Modified.
  /// False if another state may have had the same date: a file's time can be set (RFC 9110 section 8.8.2.2).
  bool is_date_its_own = true;
};

enum class precondition {
  holds,         ///< Go on.
  not_modified,  ///< 304: the client has it as it is.
  failed,        ///< 412: it is not what the client takes it for.
};

/// Judges If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC 9110 section 13.2.2.
/// Tags that cannot be read match nothing, and of a method that may change something they fail; dates that cannot are
/// left out, as the RFC has it.
precondition judge_preconditions(const request& asked, const validators& state);

/// Whether the Range of the request counts: there is no If-Range, or it names just this state (RFC 9110
/// section 13.1.5). `today` is when that is asked: a date is no proof of a state that is not yet a second old.
bool range_counts(const request& asked, const validators& state, sys_seconds today = mutual::now());

}  // namespace mutual::http
