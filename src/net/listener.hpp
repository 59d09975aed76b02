#pragma once
// Listening sockets: bound once, shared out over the threads by the kernel.

#include "base/descriptor.hpp"
#include "base/log.hpp"
#include "net/address.hpp"
#include "net/socket.hpp"

#include <mutual/result.hpp>
#include <mutual/task.hpp>

#include <functional>
#include <vector>

namespace mutual::net {

/// Binds `copies` sockets to each endpoint, so that as many threads each accept from their own (SO_REUSEPORT). Port 0
/// is chosen by the kernel, the same for all endpoints. An endpoint that somebody else uses, a program of ours
/// included, is an error. Gives the sockets of each copy together, and sets the ports in `endpoints`.
result<std::vector<std::vector<descriptor>>> listen(std::vector<endpoint>& endpoints, std::size_t copies);

/// Accepts until the socket is cancelled and hands each connection to `accepted` (non-blocking, close-on-exec, Nagle
/// off). Running out of descriptors or memory is waited out, and logged once while it lasts.
task<> accept_all(socket& listening, std::function<void(descriptor, const endpoint&)> accepted, logger log);

/// A connection to the first endpoint that answers.
task<result<descriptor>> connect(loop& on, std::vector<endpoint> candidates, std::chrono::milliseconds limit_each);

}  // namespace mutual::net
