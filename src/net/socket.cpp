#include "net/socket.hpp"

#include "net/loop_impl.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <utility>

namespace mutual::net {

namespace asio = boost::asio;

struct socket::impl {
  impl(loop& on, int fd) : descriptor(on.internals().context, fd) {}
  asio::posix::stream_descriptor descriptor;
};

socket::socket(loop& on, descriptor handle)
    : loop_(on),
      impl_(std::make_unique<impl>(on, handle.get())),
      fd_(handle.release()),
      deadline_(
          on, [](void* self) { static_cast<socket*>(self)->expire(); }, this) {}

socket::~socket() = default;

void socket::begin_wait(awaiter& waiting) {
  waiting_ = &waiting;
  const auto what = waiting.direction_ == direction::read ? asio::posix::descriptor_base::wait_read
                                                          : asio::posix::descriptor_base::wait_write;
  impl_->descriptor.async_wait(what, [this](boost::system::error_code code) {
    // A loop that is being destroyed drops its handlers without calling them, so `this` is alive here.
    // An error on the socket is for the system call that follows to find, so it counts as ready.
    awaiter& waiter = *std::exchange(waiting_, nullptr);
    waiter.status_ = code == asio::error::operation_aborted ? wait_status::cancelled : wait_status::ready;
    waiter.waiter_.resume();
  });
}

void socket::expire() {
  // Remembered also if nobody waits at this moment: it is the next wait's answer then.
  deadline_passed_ = true;
  if (waiting_ != nullptr) impl_->descriptor.cancel();
}

void socket::cancel() {
  cancelled_ = true;
  if (waiting_ != nullptr) impl_->descriptor.cancel();
}

void socket::close() {
  boost::system::error_code ignored;
  impl_->descriptor.close(ignored);
  fd_ = -1;
}

}  // namespace mutual::net
