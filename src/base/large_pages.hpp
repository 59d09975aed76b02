#pragma once
// Memory in large pages.

#include <cstddef>

namespace mutual {

/// Asks the system to put that memory, which has not been written to yet, into large pages, as far as whole ones fit:
/// what is read here and there in much memory is found sooner. A wish; nothing else changes.
void use_large_pages(void* memory, std::size_t size);

}  // namespace mutual
