#include "x509/digest.hpp"

#include "base/considerate.hpp"
#include "base/text.hpp"
#include "x509/openssl.hpp"

#include <array>
#include <memory>

namespace mutual::x509 {

std::string digest_bytes(std::string_view bytes, const EVP_MD* kind) {
  constexpr std::size_t piece = std::size_t{128} * 1024;
  const std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), kind, nullptr) != 1) return {};
  for (; !bytes.empty(); let_others_go_on()) {
    const auto next = bytes.substr(0, piece);
    if (EVP_DigestUpdate(context.get(), next.data(), next.size()) != 1) return {};
    bytes.remove_prefix(next.size());
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  if (EVP_DigestFinal_ex(context.get(), out.data(), &size) != 1) return {};
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string sha256_bytes(std::string_view bytes) { return digest_bytes(bytes, EVP_sha256()); }

std::string sha256_hex(std::string_view bytes) { return text::hex(sha256_bytes(bytes)); }

}  // namespace mutual::x509
