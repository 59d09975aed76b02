#pragma once
// move_note: what a folder notes of a move of its inventory that is under way, in its file store.next.

#include <mutual/result.hpp>

#include <string>
#include <string_view>

namespace mutual::authority {

/// From where to where: URLs, empty for the SQLite file.
struct move_note {
  std::string from, to;
};

/// A line each.
std::string move_note_to_text(const move_note& of);

/// Reads it. An error (bad_input, bad_usage) about the file in `where` if it is not whole, names what is no store, or
/// both are the same.
result<move_note> move_note_from_text(std::string_view text, std::string_view where);

}  // namespace mutual::authority
