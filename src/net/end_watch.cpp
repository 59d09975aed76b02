#include "net/end_watch.hpp"

#include <utility>

namespace mutual::net {

end_watch::end_watch(socket& of, std::function<void()> tell)
    : socket_(of), tell_(std::move(tell)), self_(std::make_shared<end_watch*>(this)) {
  socket_.watch_ = this;
  // Of a socket that was never waited for, the kernel tells nothing yet.
  (void)socket_.register_once();
  if (socket_.ended_ || socket_.cancelled_) ended();
}

end_watch::~end_watch() {
  *self_ = nullptr;
  socket_.watch_ = nullptr;
}

// The loop calls, not whoever has noticed it: much may go with what is told.
void end_watch::ended() {
  if (std::exchange(told_, true)) return;
  socket_.owner().post([self = self_] {
    if (*self == nullptr) return;
    const auto tell = std::move((*self)->tell_);
    tell();
  });
}

}  // namespace mutual::net
