#include "authority/move_note.hpp"

#include "authority/store_url.hpp"

#include <fmt/format.h>

namespace mutual::authority {

std::string move_note_to_text(const move_note& of) { return of.from + "\n" + of.to + "\n"; }

result<move_note> move_note_from_text(std::string_view text, std::string_view where) {
  const auto end = text.find('\n');
  const bool is_whole = end != std::string_view::npos && text.find('\n', end + 1) == text.size() - 1;
  move_note out;
  if (is_whole) out = {std::string(text.substr(0, end)), std::string(text.substr(end + 1, text.size() - end - 2))};
  if (!is_whole || out.from == out.to) {
    return error(errc::bad_input, fmt::format("{} is damaged, and nobody can tell where the inventory was to be moved: "
                                              "see what has become of it",
                                              where));
  }
  for (const auto& url : {out.from, out.to}) {
    if (url.empty()) continue;
    if (const auto checked = checked_store_url(url); !checked) return checked.error().in(std::string(where));
  }
  return out;
}

}  // namespace mutual::authority
