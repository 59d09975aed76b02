#include "base/give_back.hpp"

#include "base/considerate.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace mutual {

void give_back(std::string&& text) noexcept {
  constexpr std::size_t much = std::size_t{1} << 20U;
  // Of up to 33 pages, kernels forget each where they are mapped by itself; of more, all at once, which costs much less
  // (tlb_single_page_flush_ceiling of Linux on x86).
  constexpr std::size_t piece = std::size_t{512} * 1024;
  const auto whole = std::move(text);
  if (whole.capacity() < much) return;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(whole.data());
  const auto first = (begin + page - 1) / page * page;
  const auto last = (begin + whole.capacity()) / page * page;
  // The pages stay the text's until it is freed, but with nothing in them: what is left to do then is little.
  for (auto at = first; at < last; at += piece, let_others_go_on()) {
    (void)::madvise(reinterpret_cast<void*>(at), std::min<std::size_t>(piece, last - at), MADV_DONTNEED);
  }
}

}  // namespace mutual
