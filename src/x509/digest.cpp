#include "x509/digest.hpp"

#include "base/text.hpp"

#include <openssl/evp.h>

namespace mutual::x509 {

std::string sha256_bytes(std::string_view bytes) {
  std::string out(32, '\0');
  const int made = EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr,
                              EVP_sha256(), nullptr);
  return made == 1 ? out : std::string();
}

std::string sha256_hex(std::string_view bytes) { return text::hex(sha256_bytes(bytes)); }

}  // namespace mutual::x509
