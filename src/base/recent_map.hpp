#pragma once
// recent_map: a bounded map, shared by threads, that forgets what was not used for longest.

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <iterator>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace mutual {

/// Up to `capacity` values by their keys; when it is full, the one not used for longest goes first. Safe from any
/// thread: a lock is held for the moment of a look-up, and threads share one only if their keys fall together.
template <class Value>
class recent_map {
 public:
  explicit recent_map(std::size_t capacity) : capacity_each_(std::max<std::size_t>(capacity / shards, 1)) {}

  /// Keeps a value under its key, in place of any other of that key.
  void put(std::string_view key, Value value) {
    shard& home = shard_of(key);
    // What is pushed out is destroyed after the lock is free: destroying may be work.
    std::list<item> gone;
    const std::scoped_lock lock(home.guard);
    take_out(home, key, gone);
    home.by_use.push_front(item{std::string(key), std::move(value)});
    home.by_key.emplace(home.by_use.front().key, home.by_use.begin());
    while (home.by_use.size() > capacity_each_) take_out(home, home.by_use.back().key, gone);
  }

  /// Calls `look` with the value of that key, which counts as a use; false if there is none. The lock is held
  /// meanwhile: copy what you need, and do no more.
  template <class Look>
  bool visit(std::string_view key, Look look) {
    shard& home = shard_of(key);
    const std::scoped_lock lock(home.guard);
    const auto found = home.by_key.find(key);
    if (found == home.by_key.end()) return false;
    home.by_use.splice(home.by_use.begin(), home.by_use, found->second);
    look(std::as_const(found->second->value));
    return true;
  }

  void remove(std::string_view key) {
    shard& home = shard_of(key);
    std::list<item> gone;
    const std::scoped_lock lock(home.guard);
    take_out(home, key, gone);
  }

  /// Forgets those values for which `is_over` is true among the few that share a lock with that key and were not used
  /// for longest. The lock is held meanwhile.
  template <class IsOver>
  void forget_some(std::string_view key, IsOver is_over) {
    constexpr int few = 4;
    shard& home = shard_of(key);
    std::list<item> gone;
    const std::scoped_lock lock(home.guard);
    auto at = home.by_use.end();
    for (int count = 0; count < few && at != home.by_use.begin(); ++count) {
      const auto one = std::prev(at);
      if (is_over(std::as_const(one->value))) {
        take_out(home, one->key, gone);
      } else {
        at = one;
      }
    }
  }

  std::size_t size() const {
    std::size_t total = 0;
    for (const auto& one : all_) {
      const std::scoped_lock lock(one.guard);
      total += one.by_use.size();
    }
    return total;
  }

 private:
  struct item {
    std::string key;
    Value value;
  };
  struct shard {
    mutable std::mutex guard;
    std::list<item> by_use;                                                           // newest first
    std::unordered_map<std::string_view, typename std::list<item>::iterator> by_key;  // views into `by_use`
  };
  static constexpr std::size_t shards = 16;

  shard& shard_of(std::string_view key) { return all_[std::hash<std::string_view>{}(key) % shards]; }

  static void take_out(shard& home, std::string_view key, std::list<item>& gone) {
    const auto found = home.by_key.find(key);
    if (found == home.by_key.end()) return;
    const auto old = found->second;
    home.by_key.erase(found);
    gone.splice(gone.end(), home.by_use, old);
  }

  std::size_t capacity_each_;
  std::array<shard, shards> all_;
};

}  // namespace mutual
