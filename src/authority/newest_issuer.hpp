#pragma once
// newest_issuer: whether a folder has heard which CA issues, where several machines share an inventory.

#include "authority/inventory.hpp"
#include "x509/certificate.hpp"

#include <mutual/result.hpp>

#include <string>
#include <string_view>

namespace mutual::authority {

/// What is to be said of a CA that issues in this folder, when another took its place in the inventory: "issues no
/// more: …", with what mends it. Empty if it is the newest, or that is `lost` (its serial number) with its key.
result<std::string> passed_over(inventory& in, const x509::certificate& issuer, std::string_view lost = {});

}  // namespace mutual::authority
