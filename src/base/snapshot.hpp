#pragma once
// snapshot<T>: an immutable value that is swapped whole, so that readers never see half of a change.

#include <atomic>
#include <memory>
#include <utility>

namespace mutual {

/// Holds the current `T`. Readers take a reference to it that stays whole however long they keep it; writers put a new
/// one in its place. Safe from any thread.
template <class T>
class snapshot {
 public:
  explicit snapshot(std::shared_ptr<const T> first = nullptr) : current_(std::move(first)) {}

  std::shared_ptr<const T> get() const { return current_.load(std::memory_order_acquire); }
  void set(std::shared_ptr<const T> next) { current_.store(std::move(next), std::memory_order_release); }

 private:
  std::atomic<std::shared_ptr<const T>> current_;
};

}  // namespace mutual
