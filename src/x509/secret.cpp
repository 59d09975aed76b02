#include "x509/secret.hpp"

#include "base/considerate.hpp"
#include "base/give_back.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstddef>

namespace mutual::x509 {

secret::~secret() { let_go(); }

// A string that has memory of its own would hand that over in the swap, and a part of the other's short text would stay
// where nobody can wipe it: so it has none by then.
secret& secret::operator=(secret&& other) noexcept {
  if (this == &other) return *this;
  let_go();
  text_.swap(other.text_);
  wipe(other.text_);
  return *this;
}

void secret::let_go() noexcept {
  wipe(text_);
  give_back(std::exchange(text_, std::string()));
}

// All that it has room for: a short text that was taken over has left its bytes inside the string object.
void secret::wipe(std::string& text) noexcept {
  constexpr std::size_t piece = std::size_t{128} * 1024;
  text.resize(text.capacity());
  for (std::size_t at = 0; at < text.size(); at += piece) {
    if (at > 0) let_others_go_on();  // a file of revocation lists, read as if it were a key
    OPENSSL_cleanse(text.data() + at, std::min(piece, text.size() - at));
  }
  text.clear();
}

}  // namespace mutual::x509
