#pragma once
// What the tests of compression compress, and how.

#include "http/content_coding.hpp"

#include <array>
#include <cstddef>
#include <string>

namespace mutual::test {

inline constexpr std::array all_codings = {http::coding::gzip, http::coding::br, http::coding::zstd};

/// So many bytes that become a fraction of that.
inline std::string text_of(std::size_t size) {
  std::string out;
  for (unsigned i = 0; out.size() < size; ++i) out += "line " + std::to_string(i * i % 977) + " of a text\n";
  out.resize(size);
  return out;
}

}  // namespace mutual::test
