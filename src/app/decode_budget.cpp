#include "app/decode_budget.hpp"

#include <utility>

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

std::shared_ptr<decode_budget> decode_budgets::of(const std::shared_ptr<const connection_info>& whose) {
  const std::scoped_lock lock(guard_);
  auto& kept = all_[whose.get()];
  if (auto found = kept.lock()) return found;
  // Whoever lets go of the last of it takes it off the list.
  const auto forgets = [self = shared_from_this(), key = whose.get()](decode_budget* one) {
    delete one;
    self->forget(key);
  };
  std::shared_ptr<decode_budget> made(new decode_budget(most_each_), forgets);
  kept = made;
  return made;
}

// By now another of that connection may stand in its place.
void decode_budgets::forget(const connection_info* whose) {
  const std::scoped_lock lock(guard_);
  const auto found = all_.find(whose);
  if (found != all_.end() && found->second.expired()) all_.erase(found);
}

}  // namespace mutual
