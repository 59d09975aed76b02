#include "tls/verdict_finding.hpp"

#include <algorithm>

namespace mutual::tls {

int rank(reason why) {
  switch (why) {
    // What cannot be read says nothing.
    case reason::malformed:
      return 0;
    // What nobody vouches for may say anything: until path and signatures hold, nothing else in it is believed.
    case reason::self_signed:
    case reason::unknown_issuer:
      return 1;
    case reason::intermediate_missing:
      return 2;
    case reason::bad_signature:
      return 3;
    // A weak key's signatures could be anybody's.
    case reason::weak_key:
      return 4;
    // Of the rest, first what a new certificate must do differently, then what time alone has done …
    case reason::revoked:
      return 5;
    case reason::constraint_violated:
      return 6;
    case reason::wrong_purpose:
      return 7;
    case reason::expired:
      return 8;
    case reason::not_yet_valid:
      return 9;
    // … and our own faults only when nothing is wrong with theirs.
    case reason::revocation_stale:
      return 10;
    case reason::revocation_unknown:
      return 11;
    default:
      return 12;
  }
}

const finding& most_telling(const findings& all) {
  return *std::min_element(all.begin(), all.end(),
                           [](const finding& left, const finding& right) { return rank(left.why) < rank(right.why); });
}

}  // namespace mutual::tls
