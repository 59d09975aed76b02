#pragma once
// taken_over: revocations that a list knows and an inventory does not.

#include "authority/inventory.hpp"
#include "x509/crl.hpp"

#include <mutual/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace mutual::authority {

/// What was put into an inventory from revocation lists, as serial numbers.
struct taken_over {
  std::vector<std::string> revoked;  ///< That were not revoked before.
  std::vector<std::string> unknown;  ///< Those among them of which there is no certificate: they stay revoked.
};

/// What becomes of a hold that was put on here since the list began which has it, and taken back later.
enum class released_since {
  is_held_again,  ///< The inventory may be older than the list.
  stays_so,       ///< It has heard that list before: one whose number cannot be noted is taken over time and again.
};

/// Puts into the inventory what one of its CAs' lists says and it does not know, so that every list to come says it
/// too; and the list's number is not used again. `why` stands in the log of acts. An error for a number that is larger
/// than any that is counted here, and for an entry that cannot be held; all others are noted then, and the number is
/// not. Judges no signature.
result<> take_over(const x509::crl& list, inventory& in, std::string_view why, taken_over& told,
                   released_since how = released_since::is_held_again);

}  // namespace mutual::authority
