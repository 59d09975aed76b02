#pragma once
// How old the revocation lists of a trust are.

#include "base/clock.hpp"
#include "tls/trust.hpp"

#include <mutual/revocation_list.hpp>

#include <vector>

namespace mutual::tls {

/// One for each CA that the trust holds or has a list of, the newest whole list of it that has begun; those that have
/// none last. CAs that have ended are left out: nobody is judged by their lists any more. Empty if revocation is not
/// checked.
std::vector<revocation_list> list_ages(const trust& of, sys_seconds at);

}  // namespace mutual::tls
