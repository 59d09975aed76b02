#include "tls/session_peer.hpp"

#include <new>
#include <utility>

namespace mutual::tls {
namespace {

using holder = std::shared_ptr<const session_peer>;

void free_holder(void*, void* held, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<holder*>(held); }

// OpenSSL copies a session whenever it issues a further ticket for it; the copy shares what the original knows.
int copy_holder(CRYPTO_EX_DATA*, const CRYPTO_EX_DATA*, void** held, int, long, void*) {
  if (*held == nullptr) return 1;
  *held = new (std::nothrow) holder(*static_cast<holder*>(*held));
  return *held != nullptr ? 1 : 0;
}

int index() {
  static const int value = SSL_SESSION_get_ex_new_index(0, nullptr, nullptr, copy_holder, free_holder);
  return value;
}

}  // namespace

bool bind(SSL_SESSION* session, holder facts) {
  auto* old = static_cast<holder*>(SSL_SESSION_get_ex_data(session, index()));
  if (old != nullptr) {
    *old = std::move(facts);
    return true;
  }
  auto* held = new (std::nothrow) holder(std::move(facts));
  if (held == nullptr) return false;
  if (SSL_SESSION_set_ex_data(session, index(), held) == 1) return true;
  delete held;
  return false;
}

holder bound_to(const SSL_SESSION* session) {
  if (session == nullptr) return nullptr;
  const auto* held = static_cast<const holder*>(SSL_SESSION_get_ex_data(session, index()));
  return held == nullptr ? nullptr : *held;
}

}  // namespace mutual::tls
