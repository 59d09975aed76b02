#include "base/large_pages.hpp"

#include <cstdint>
#include <sys/mman.h>

namespace mutual {

void use_large_pages(void* memory, std::size_t size) {
  constexpr std::uintptr_t large = std::uintptr_t{2} * 1024 * 1024;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const auto first = (begin + large - 1) / large * large;
  const auto last = (begin + size) / large * large;
  if (last > first) (void)::madvise(static_cast<char*>(memory) + (first - begin), last - first, MADV_HUGEPAGE);
}

}  // namespace mutual
