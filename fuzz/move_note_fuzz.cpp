// The note of a move of an inventory. Held to: what is taken is written again as it came, leads somewhere else, and
// names stores alone.

#include "authority/move_note.hpp"
#include "authority/store_url.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mutual::authority;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = move_note_from_text(text, "input");
  if (!read) {
    if (read.error().message().find("input") == std::string::npos) std::abort();
    return 0;
  }
  if (move_note_to_text(*read) != text || read->from == read->to) std::abort();
  for (const auto& url : {read->from, read->to}) {
    if (!url.empty() && !checked_store_url(url)) std::abort();
  }
  return 0;
}
