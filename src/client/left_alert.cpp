#include "client/left_alert.hpp"

#include <openssl/ssl.h>

#include <array>

namespace mutual::client {

std::optional<int> plain_alert(std::string_view bytes) {
  // type, version (two bytes), length (two bytes), level, description (RFC 5246 sections 6.2.1 and 7.2)
  if (bytes.size() < 7) return std::nullopt;
  const auto at = [bytes](std::size_t index) { return static_cast<unsigned char>(bytes[index]); };
  if (at(0) != SSL3_RT_ALERT || at(1) != 3 || at(3) != 0 || at(4) != 2 || at(5) != SSL3_AL_FATAL) return std::nullopt;
  return at(6);
}

std::optional<int> left_alert(tls::stream& broken) {
  std::array<char, 64> bytes{};
  const auto count = broken.take_raw(bytes);
  return plain_alert({bytes.data(), count});
}

}  // namespace mutual::client
