#include "app/decode_budget.hpp"

namespace mutual {

bool decode_budget::share::hold(std::size_t bytes) {
  if (bytes <= held_) {
    of_->used_.fetch_sub(held_ - bytes);
    held_ = bytes;
    return true;
  }
  const auto more = bytes - held_;
  const auto before = of_->used_.fetch_add(more);
  if (before > held_ && before + more > of_->most_) {
    of_->used_.fetch_sub(more);
    return false;
  }
  held_ = bytes;
  return true;
}

}  // namespace mutual
