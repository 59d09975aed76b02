#include "base/last_descriptors.hpp"

#include <limits>
#include <sys/resource.h>

namespace mutual {

std::size_t descriptor_limit() {
  rlimit allowed{};
  if (::getrlimit(RLIMIT_NOFILE, &allowed) != 0 || allowed.rlim_cur == RLIM_INFINITY) {
    return std::numeric_limits<std::size_t>::max();
  }
  return allowed.rlim_cur;
}

bool is_among_the_last(int handle, std::size_t kept) {
  if (handle < 0) return false;
  const auto limit = descriptor_limit();
  return limit / 4 >= kept && static_cast<std::size_t>(handle) >= limit - kept;
}

}  // namespace mutual
