#pragma once
// fetch_at: a whole exchange with a host whose addresses are known.

#include "client/fetch.hpp"
#include "net/address.hpp"

#include <vector>

namespace mutual::client {

/// What fetch() gives, without a look-up of the host's name, which would block.
task<exchange> fetch_at(net::loop& on, url where, std::vector<net::endpoint> addresses, options how, request what);

}  // namespace mutual::client
