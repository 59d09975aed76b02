// Addresses to listen at and to connect to: what is taken can be written in one way that means the same.

#include "net/address.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = mutual::net::parse_host_port(text);
  if (!read) {
    if (read.error().message().find('\n') != std::string::npos) std::abort();
    return 0;
  }
  const auto again = mutual::net::parse_host_port("[" + read->host + "]:" + std::to_string(read->port));
  if (!again || again->host != read->host || again->port != read->port) std::abort();
  // Whoever looks the name up would stop at a zero, and find another.
  if (read->host.find('\0') != std::string::npos) std::abort();
  return 0;
}
