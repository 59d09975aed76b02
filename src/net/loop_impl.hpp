#pragma once
// The Asio side of the loop: for the files of net/ alone.

#include "net/deadline.hpp"
#include "net/loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <memory>

namespace mutual::net {

struct loop::impl {
  // Sockets are touched by the loop's thread alone, so the reactor needs no locks; post() from elsewhere keeps its own.
  boost::asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  std::array<char, std::size_t{64} * 1024> scratch{};
  std::unique_ptr<deadline_wheel> deadlines;
};

}  // namespace mutual::net
