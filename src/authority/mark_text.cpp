#include "authority/mark_text.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace mutual::authority {
namespace {

constexpr std::size_t texts_at = 2 * mark_block;

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

// As the inventory counts them.
std::optional<std::int64_t> act_number(std::string_view digits) {
  const auto number = text::to_number(digits);
  if (!number || *number > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

// FNV-1a: tells a line that was half written, no more.
std::string sum_of(std::string_view inventory, std::int64_t act, std::string_view digest) {
  std::uint64_t sum = 0xCBF29CE484222325;
  for (const char one : fmt::format("{} {} {}", inventory, act, digest)) {
    sum = (sum ^ static_cast<unsigned char>(one)) * 0x100000001B3;
  }
  return fmt::format("{:016x}", sum);
}

marked_act act_in(std::string_view whole, std::string_view inventory) {
  auto line = whole.substr(0, whole.find('\n'));
  if (!line.starts_with("act ")) return {};
  line.remove_prefix(4);
  const auto first = line.find(' '), last = line.rfind(' ');
  if (first == last) return {};
  const auto act = act_number(line.substr(0, first));
  const auto digest = line.substr(first + 1, last - first - 1);
  if (!act || digest.empty() || !is_hex(digest)) return {};
  if (line.substr(last + 1) != sum_of(inventory, *act, digest)) return {};
  return {*act, std::string(digest)};
}

// A line below the blocks; an act among them is one of before.
bool take_line(std::string_view line, mark& out) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return false;
  const auto word = line.substr(0, space);
  const auto value = line.substr(space + 1);
  if (word == "inventory" && is_hex(value)) {
    out.seen.inventory = value;
    return true;
  }
  if (word == "incarnation" && is_hex(value)) {
    out.seen.incarnation = value;
    return true;
  }
  const auto behind = value.find(' ');
  if (behind == std::string_view::npos) return false;
  const auto rest = std::string(value.substr(behind + 1));
  if (word == "list") {
    const auto number = text::to_number(value.substr(0, behind));
    // What stands twice is of nobody's writing, and the lower one would let a number come back.
    return number && out.list_numbers.emplace(rest, *number).second;
  }
  const auto act = act_number(value.substr(0, behind));
  if (word != "act" || !act || !is_hex(rest)) return false;
  out.seen.act = *act;
  out.seen.digest = rest;
  return true;
}

// A name may end in a space: nothing is trimmed.
bool take_lines(std::string_view lines, mark& out) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    if (end > 0 && !take_line(lines.substr(0, end), out)) return false;
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return true;
}

}  // namespace

std::string mark_block_of(const history& seen) {
  auto line = fmt::format("act {} {} {}\n", seen.act, seen.digest, sum_of(seen.inventory, seen.act, seen.digest));
  line.resize(mark_block, '\n');
  return line;
}

std::string mark_to_text(const mark& now) {
  const auto first = mark_block_of(now.seen);
  auto text = fmt::format("{0}{0}inventory {1}\n", first, now.seen.inventory);
  if (!now.seen.incarnation.empty()) text += fmt::format("incarnation {}\n", now.seen.incarnation);
  for (const auto& [issuer, number] : now.list_numbers) text += fmt::format("list {} {}\n", number, issuer);
  return text;
}

result<read_mark_text> mark_from_text(std::string_view text, std::string_view where) {
  const auto damaged = [&] {
    return error(errc::bad_input,
                 fmt::format("{} is damaged, so nobody can tell whether the inventory is the newest: see that it is, "
                             "and then say so with mutual recover",
                             where));
  };
  read_mark_text out;
  // It is written whole, so one that does not end in a newline is cut off.
  if (!text.ends_with('\n')) return damaged();
  out.has_blocks = !text.starts_with("inventory ") && text.size() > texts_at;
  if (!take_lines(text.substr(out.has_blocks ? texts_at : 0), out.says)) return damaged();
  auto& seen = out.says.seen;
  if (out.has_blocks) {
    out.acts = {act_in(text, seen.inventory), act_in(text.substr(mark_block), seen.inventory)};
    const auto& newer = out.acts[0].act >= out.acts[1].act ? out.acts[0] : out.acts[1];
    seen.act = newer.act;
    seen.digest = newer.digest;
  }
  if (seen.inventory.empty() || seen.digest.empty()) return damaged();
  return out;
}

}  // namespace mutual::authority
