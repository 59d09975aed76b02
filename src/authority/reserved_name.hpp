#pragma once
// reserved_name: names that would be taken for a CA.

#include "authority/inventory.hpp"
#include "authority/layout.hpp"

#include <mutual/result.hpp>

#include <string>
#include <string_view>

namespace mutual::authority {

/// An error (bad_usage) for what `mutual list` calls CAs and their OCSP responders ("root", "intermediate", "cross",
/// "ocsp-root" and the like), whatever their case: whoever revokes that name may mean the CA, which would stay good.
result<> check_is_no_ca_word(std::string_view name);

/// An error (bad_usage) if what is issued here as that name would have the subject of a CA that the inventory knows:
/// issuers are found by their subjects (RFC 5280 section 6.1.3), so that one would be taken for the other.
result<> check_is_no_ca(const std::string& name, inventory& in, const layout& places);

}  // namespace mutual::authority
