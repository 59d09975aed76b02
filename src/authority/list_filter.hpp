#pragma once
// list_filter: what a person wants listed, said by names that the inventory must know.

#include "authority/inventory.hpp"

#include <mutual/result.hpp>

#include <string>
#include <string_view>

namespace mutual::authority {

/// The subject (RFC 4514) of the CA that is called so: by its common name, or by its whole subject. It is one that the
/// inventory has, or that has certified one of those. An error (not_found) names those that there are; one (bad_usage)
/// says that several have that common name.
result<std::string> issuer_called(inventory& in, std::string_view called);

/// An error (not_found) if no certificate was ever called that.
result<> check_name_is_known(inventory& in, std::string_view name);

}  // namespace mutual::authority
