#include "tls/session_cache.hpp"

#include <utility>

namespace mutual::tls {

void session_cache::put(std::string_view id, ssl_session_ptr session) { kept_.put(id, std::move(session)); }

ssl_session_ptr session_cache::find(std::string_view id) {
  ssl_session_ptr found;
  kept_.visit(id, [&](const ssl_session_ptr& kept) {
    // Taken while the lock is held: a moment later another thread may push the session out.
    if (SSL_SESSION_up_ref(kept.get()) == 1) found.reset(kept.get());
  });
  return found;
}

}  // namespace mutual::tls
