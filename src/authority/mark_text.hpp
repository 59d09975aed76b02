#pragma once
// mark_text: what stands in a folder's inventory.mark, as text. No file is read or written here.

#include "authority/store.hpp"

#include <mutual/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mutual::authority {

/// The file begins with two lines of acts, each in a block of its own, filled up with line feeds; then come lines of a
/// word and its value:
///
///   act 57 8c1d… 0f3a…
///   act 58 77b0… 91c2…
///   inventory 0f3a…
///   incarnation 91b7…
///   list 12 CN=Acme Intermediate CA,O=Acme
///
/// The newer act counts. Only the older one is written over, in place: whatever becomes of that, the other is whole.
/// One that is not whole has not the sum at its end. Before, there was one act, after the inventory and without a sum.
inline constexpr std::size_t mark_block = 4096;

/// One of the two lines of acts.
struct marked_act {
  std::int64_t act = -1;  ///< -1 if the line is not whole.
  std::string digest;
};

/// What a mark's text says.
struct read_mark_text {
  mark says;
  std::array<marked_act, 2> acts;
  bool has_blocks = false;  ///< Whether acts may be written over in place; else an older version has written it.
};

/// Reads a mark; an error (bad_input) about the file in `where` if nobody can tell what it says.
result<read_mark_text> mark_from_text(std::string_view text, std::string_view where);

/// A mark with that act in both blocks.
std::string mark_to_text(const mark& now);

/// One line of an act, filled up to its block.
std::string mark_block_of(const history& seen);

}  // namespace mutual::authority
