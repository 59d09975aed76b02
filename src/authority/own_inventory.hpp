#pragma once
// own_inventory: whether an inventory is this folder's own, by the CAs that both know.

#include "authority/inventory.hpp"
#include "authority/layout.hpp"

#include <mutual/result.hpp>

namespace mutual::authority {

/// An error (bad_input) if the inventory knows no CA of the folder: then it is another PKI's, and nothing may be
/// written there, for it never forgets. Of a PKI without a CA, the certificates that are to be pinned count. Nothing is
/// written.
result<> check_is_own(const layout& places, inventory& in);

/// An error (bad_input) if the inventory does not know that CA: it could give its lists no numbers, and would say of
/// nobody that he is revoked.
result<> check_knows(inventory& in, const x509::certificate& ca);

}  // namespace mutual::authority
