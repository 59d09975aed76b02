#pragma once
// per_connection: something for each connection, shared by its requests.

#include <mutual/request.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace mutual {

/// A budget for each connection that uses its own. Safe from any thread.
template <class Budget>
class per_connection : public std::enable_shared_from_this<per_connection<Budget>> {
 public:
  explicit per_connection(std::size_t most_each) : most_each_(most_each) {}

  /// The budget of that connection, the same for as long as anybody holds it.
  std::shared_ptr<Budget> of(const std::shared_ptr<const connection_info>& whose) {
    const std::scoped_lock lock(guard_);
    auto& kept = all_[whose.get()];
    if (auto found = kept.lock()) return found;
    // Whoever lets go of the last of it takes it off the list.
    const auto forgets = [self = this->shared_from_this(), key = whose.get()](Budget* one) {
      delete one;
      self->forget(key);
    };
    std::shared_ptr<Budget> made(new Budget(most_each_), forgets);
    kept = made;
    return made;
  }

 private:
  // By now another of that connection may stand in its place.
  void forget(const connection_info* whose) {
    const std::scoped_lock lock(guard_);
    const auto found = all_.find(whose);
    if (found != all_.end() && found->second.expired()) all_.erase(found);
  }

  const std::size_t most_each_;
  std::mutex guard_;
  std::unordered_map<const connection_info*, std::weak_ptr<Budget>> all_;
};

}  // namespace mutual
