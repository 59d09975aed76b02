#pragma once
// snapshot<T>: an immutable value that is swapped whole, so that readers never see half of a change.

#include <memory>
#include <mutex>
#include <utility>

namespace mutual {

/// Holds the current `T`. Readers take a reference to it that stays whole however long they keep it; writers put a new
/// one in its place. Safe from any thread.
template <class T>
class snapshot {
 public:
  explicit snapshot(std::shared_ptr<const T> first = nullptr) : current_(std::move(first)) {}

  std::shared_ptr<const T> get() const {
    const std::scoped_lock lock(guard_);
    return current_;
  }
  void set(std::shared_ptr<const T> next) {
    // What is replaced is destroyed after the lock is free.
    const std::scoped_lock lock(guard_);
    current_.swap(next);
  }

 private:
  // Not std::atomic<std::shared_ptr>: that of libstdc++ 12 frees its own lock too weakly after a load, and a race
  // detector is right to say so. Asked once a connection.
  mutable std::mutex guard_;
  std::shared_ptr<const T> current_;
};

}  // namespace mutual
