#include "tls/session_cache.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace mutual::tls {

session_cache::session_cache(std::size_t capacity) : capacity_each_(std::max<std::size_t>(capacity / shards, 1)) {}

session_cache::shard& session_cache::shard_of(std::string_view id) {
  return shards_[std::hash<std::string_view>{}(id) % shards];
}

void session_cache::put(std::string_view id, ssl_session_ptr session) {
  shard& home = shard_of(id);
  // What is pushed out is destroyed after the lock is free: freeing a session is work.
  std::list<item> gone;
  const std::scoped_lock lock(home.guard);
  if (const auto found = home.by_id.find(id); found != home.by_id.end()) {
    const auto old = found->second;
    home.by_id.erase(found);
    gone.splice(gone.end(), home.by_use, old);
  }
  home.by_use.push_front(item{std::string(id), std::move(session)});
  home.by_id.emplace(home.by_use.front().id, home.by_use.begin());
  while (home.by_use.size() > capacity_each_) {
    const auto last = std::prev(home.by_use.end());
    home.by_id.erase(last->id);
    gone.splice(gone.end(), home.by_use, last);
  }
}

ssl_session_ptr session_cache::find(std::string_view id) {
  shard& home = shard_of(id);
  const std::scoped_lock lock(home.guard);
  const auto found = home.by_id.find(id);
  if (found == home.by_id.end()) return nullptr;
  home.by_use.splice(home.by_use.begin(), home.by_use, found->second);
  SSL_SESSION* session = found->second->session.get();
  // Taken while the lock is held: a moment later another thread may push the session out.
  if (SSL_SESSION_up_ref(session) != 1) return nullptr;
  return ssl_session_ptr(session);
}

void session_cache::remove(std::string_view id) {
  shard& home = shard_of(id);
  std::list<item> gone;
  const std::scoped_lock lock(home.guard);
  const auto found = home.by_id.find(id);
  if (found == home.by_id.end()) return;
  const auto old = found->second;
  home.by_id.erase(found);
  gone.splice(gone.end(), home.by_use, old);
}

std::size_t session_cache::size() const {
  std::size_t total = 0;
  for (const auto& one : shards_) {
    const std::scoped_lock lock(one.guard);
    total += one.by_use.size();
  }
  return total;
}

}  // namespace mutual::tls
