#include "base/random.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <sys/random.h>

namespace mutual {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t filled = 0; filled < count;) {
    const auto got = ::getrandom(bytes.data() + filled, std::min<std::size_t>(count - filled, 256), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) std::abort();
    filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string random_hex(std::size_t bytes) { return text::hex(random_bytes(bytes)); }

}  // namespace mutual
