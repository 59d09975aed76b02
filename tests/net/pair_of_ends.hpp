#pragma once

#include "base/descriptor.hpp"
#include "net/socket.hpp"

#include <memory>
#include <stdexcept>
#include <sys/socket.h>

namespace mutual::net {

// Two ends of a connection; the first is on the loop.
struct pair_of_ends {
  explicit pair_of_ends(loop& on) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error("");
    mine = std::make_unique<socket>(on, descriptor(ends[0]));
    other = descriptor(ends[1]);
  }
  std::unique_ptr<socket> mine;
  descriptor other;
};

}  // namespace mutual::net
