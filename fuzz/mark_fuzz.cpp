// What a folder remembers of its inventory. Held to: what is taken names an inventory and an act, and is the same when
// it is written and read again; a line that is not whole never counts.

#include "authority/mark_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace mutual::authority;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_same(const mark& one, const mark& other) {
  return one.seen.inventory == other.seen.inventory && one.seen.act == other.seen.act &&
         one.seen.digest == other.seen.digest && one.seen.incarnation == other.seen.incarnation &&
         one.list_numbers == other.list_numbers;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = mark_from_text(text, "input");
  if (!read) {
    require(read.error().message().find("input") != std::string::npos);
    return 0;
  }
  const auto& seen = read->says.seen;
  require(!seen.inventory.empty() && !seen.digest.empty() && seen.act >= 0);
  if (read->has_blocks) {
    require(seen.act == std::max(read->acts[0].act, read->acts[1].act));
    // A line says what its sum is of: it is the one that we would write.
    const auto line = mark_block_of(seen);
    require(text.find(line.substr(0, line.find('\n') + 1)) != std::string_view::npos);
  }
  const auto written = mark_to_text(read->says);
  const auto again = mark_from_text(written, "again");
  require(again && again->has_blocks && is_same(again->says, read->says) && mark_to_text(again->says) == written);
  return 0;
}
