#pragma once
// old_issuers: intermediates that issue no more and still answer for what they have issued, as the inventory has them.

#include "authority/inventory.hpp"
#include "x509/certificate.hpp"

#include <mutual/result.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace mutual::authority {

/// The intermediates that came before `issuing`, have not ended, and of which nobody has said that nothing depends on
/// them any more (`mutual rotate finish`); newest first. Whether their keys are here is not asked: a key that is not
/// there has not been finished with. None if the inventory does not know `issuing`.
result<std::vector<record>> old_issuers(inventory& in, const x509::certificate& issuing);

/// Whether a certificate of that CA was revoked or released since its list of that number, 0 for none.
result<bool> has_revoked_since(inventory& in, std::string_view issuer, std::uint64_t number);

}  // namespace mutual::authority
