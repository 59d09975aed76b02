#pragma once
// old_issuers: intermediates that issue no more and still answer for what they have issued, as the inventory has them.

#include "authority/inventory.hpp"
#include "x509/certificate.hpp"

#include <mutual/result.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace mutual::authority {

/// The intermediates that came before `issuing`, have not ended, and of which nobody has said that nothing depends on
/// them any more (`mutual rotate finish`); newest first. Whether their keys are here is not asked: a key that is not
/// there has not been finished with. None if the inventory does not know `issuing`.
result<std::vector<record>> old_issuers(inventory& in, const x509::certificate& issuing);

/// The serials of those of them that have revoked or released somebody since the list that servers have, whose number
/// `list_of` gives for the CA's name; 0 for none. Whoever has a certificate of a CA that was revoked for good is
/// refused for that, so such a one is not among them.
result<std::vector<std::string>> old_issuers_behind(
    inventory& in, const x509::certificate& issuing,
    const std::function<result<std::uint64_t>(const std::string& issuer)>& list_of);

}  // namespace mutual::authority
