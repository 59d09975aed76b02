#pragma once
// resolve_aside: the addresses of a host, without holding up a loop.

#include "net/address.hpp"
#include "net/loop.hpp"

#include <mutual/result.hpp>
#include <mutual/task.hpp>

#include <vector>

namespace mutual::net {

/// What resolve() gives, asked on a thread of its own, since the system can take half a minute over a name. A task that
/// is destroyed meanwhile waits for nobody: the thread ends by itself.
task<result<std::vector<endpoint>>> resolve_aside(loop& on, host_port where);

}  // namespace mutual::net
