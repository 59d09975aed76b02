#pragma once
// Sessions that clients may take up again, kept in this process and nowhere else.

#include "tls/ssl.hpp"

#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace mutual::tls {

/// A bounded store of sessions by their id, shared by all threads; the one not used for longest goes first.
///
/// The client holds an id of 32 random bytes, never the session: what is forgotten here cannot be taken up again, and
/// nothing about the client's certificate travels or is parsed again.
class session_cache {
 public:
  explicit session_cache(std::size_t capacity = 20480);

  /// Keeps a session under its id, in place of any other of that id.
  void put(std::string_view id, ssl_session_ptr session);
  /// A reference of one's own to the session of that id; null if there is none.
  ssl_session_ptr find(std::string_view id);
  void remove(std::string_view id);
  std::size_t size() const;

 private:
  struct item {
    std::string id;
    ssl_session_ptr session;
  };
  struct shard {
    mutable std::mutex guard;
    std::list<item> by_use;                                                 // newest first
    std::unordered_map<std::string_view, std::list<item>::iterator> by_id;  // views into `by_use`
  };
  static constexpr std::size_t shards = 16;

  shard& shard_of(std::string_view id);

  std::size_t capacity_each_;
  std::array<shard, shards> shards_;
};

}  // namespace mutual::tls
