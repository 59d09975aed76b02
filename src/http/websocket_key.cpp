#include "http/websocket_key.hpp"

#include "base/characters.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace mutual::http {

bool is_websocket_key(std::string_view key) {
  const auto is_digit = [](char c) { return text::is_letter_or_digit(c) || c == '+' || c == '/'; };
  return key.size() == 24 && key.ends_with("==") && std::all_of(key.begin(), key.begin() + 22, is_digit);
}

std::string websocket_accept(std::string_view key) {
  const std::string joined = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t size = 0;
  // SHA-1 proves nothing here but that this is no server of another protocol; the RFC has no other.
  if (EVP_Q_digest(nullptr, "SHA1", nullptr, joined.data(), joined.size(), digest.data(), &size) != 1) return {};
  std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> coded{};
  const int length = EVP_EncodeBlock(coded.data(), digest.data(), static_cast<int>(size));
  return std::string(reinterpret_cast<const char*>(coded.data()), static_cast<std::size_t>(length));
}

}  // namespace mutual::http
