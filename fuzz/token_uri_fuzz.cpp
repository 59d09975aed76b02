// URIs of keys in PKCS#11 tokens. Held to: what is taken asks for a private key, holds no PIN, and names files that no
// reader reads differently; what is refused is refused in a sentence of one line.

#include "authority/token_uri.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool fits_a_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mutual::authority;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = read_token_uri(text);
  if (!read) {
    require(!read.error().message().empty() && fits_a_line(read.error().message()));
    return 0;
  }
  require(names_token_key(text) && fits_a_line(text) && size <= 4096);
  require(read->key.starts_with("pkcs11:") && read->key.find('?') == std::string::npos);
  require(read->key.find("type=") != std::string::npos && read->key.find("pin-value=") == std::string::npos);
  for (const auto& file : {read->module, read->pin_source}) require(file.find('\0') == std::string::npos);
  require(text.find("pin-source=") != std::string_view::npos || read->pin_source.empty());
  return 0;
}
