#pragma once
// Sessions that clients may take up again, kept in this process and nowhere else.

#include "base/recent_map.hpp"
#include "tls/ssl.hpp"

#include <openssl/ssl.h>

#include <cstddef>
#include <string_view>

namespace mutual::tls {

/// A bounded store of sessions by their id, shared by all threads; the one not used for longest goes first.
///
/// The client holds an id of 32 random bytes, never the session: what is forgotten here cannot be taken up again, and
/// nothing about the client's certificate travels or is parsed again.
class session_cache {
 public:
  explicit session_cache(std::size_t capacity = 20480) : kept_(capacity) {}

  /// Keeps a session under its id, in place of any other of that id.
  void put(std::string_view id, ssl_session_ptr session);
  /// A reference of one's own to the session of that id; null if there is none.
  ssl_session_ptr find(std::string_view id);
  void remove(std::string_view id) { kept_.remove(id); }
  std::size_t size() const { return kept_.size(); }

 private:
  recent_map<ssl_session_ptr> kept_;
};

}  // namespace mutual::tls
