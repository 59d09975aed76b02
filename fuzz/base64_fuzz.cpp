// Base64: what is taken comes back the same, and only one text stands for it.

#include "base/base64.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mutual;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto check = [](bool holds) {
    if (!holds) std::abort();
  };
  if (const auto bytes = base64::decode(text)) check(base64::encode(*bytes) == text);
  if (const auto bytes = base64::decode_lines(text)) {
    check(base64::decode_lines(base64::encode_lines(*bytes)) == bytes);
  }
  check(base64::decode(base64::encode(text)) == std::string(text));
  check(base64::decode_lines(base64::encode_lines(text)) == std::string(text));
  return 0;
}
