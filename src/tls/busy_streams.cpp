#include "tls/busy_streams.hpp"

#include <utility>

namespace mutual::tls {

void busy_streams::place::used() {
  recently_ = true;
  if (among_ == nullptr || is_linked() || among_->size_ >= most) return;
  among_->busy_.push_front(*this);
  ++among_->size_;
  stream_.keep_buffers(true);
}

void busy_streams::place::leave() {
  if (!is_linked()) return;
  among_->busy_.erase(among_->busy_.iterator_to(*this));
  --among_->size_;
  stream_.keep_buffers(false);
}

void busy_streams::look_after() {
  for (auto at = busy_.begin(); at != busy_.end();) {
    place& each = *at++;
    if (!std::exchange(each.recently_, false)) each.leave();
  }
}

}  // namespace mutual::tls
