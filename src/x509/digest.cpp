#include "x509/digest.hpp"

#include "base/text.hpp"

#include <openssl/evp.h>

#include <array>

namespace mutual::x509 {

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) return {};
  return text::hex({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace mutual::x509
