// The server_name extension: whatever bytes come, what is accepted is a name that no two readers read differently.
#include "tls/server_name.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

std::string vector_of(const std::string& bytes) {
  return std::string{static_cast<char>(bytes.size() >> 8U), static_cast<char>(bytes.size() & 0xffU)} + bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto name = mutual::tls::parse_server_name(bytes);
  if (!name) return 0;
  if (name->empty() || name->size() > 255) std::abort();
  if (std::any_of(name->begin(), name->end(), [](char c) { return c <= ' ' || c > '~' || (c >= 'A' && c <= 'Z'); })) {
    std::abort();
  }
  // Written again it is what came, but for the case; so nothing was left over and nothing left out.
  auto lower = std::string(bytes);
  std::transform(lower.begin() + 5, lower.end(), lower.begin() + 5,
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (vector_of(std::string(1, '\0') + vector_of(*name)) != lower) std::abort();
  return 0;
}
