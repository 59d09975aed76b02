// What a folder remembers of its inventory, in its file inventory.mark.

#include "authority/store.hpp"
#include "base/descriptor.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace mutual::authority {
namespace {

// The file begins with two lines of acts, each in a block of its own, filled up with line feeds; then come lines of a
// word and its value:
//
//   act 57 8c1d… 0f3a…
//   act 58 77b0… 91c2…
//   inventory 0f3a…
//   incarnation 91b7…
//   list 12 CN=Acme Intermediate CA,O=Acme
//
// The newer act counts. Only the older one is written over, in place: whatever becomes of that, the other is whole. One
// that is not whole has not the sum at its end. Before, there was one act, after the inventory and without a sum.
constexpr std::size_t block = 4096;
constexpr std::size_t texts_at = 2 * block;

struct read_act {
  std::int64_t act = -1;  // none
  std::string digest;
};

// What a mark's file says; of the lines of acts, which may be damaged, both.
struct parsed {
  mark says;
  std::array<read_act, 2> acts;
  bool has_blocks = false;
};

error damaged(const std::filesystem::path& file) {
  return {errc::bad_input,
          fmt::format("{} is damaged, so nobody can tell whether the inventory is the newest: see that it is, and then "
                      "say so with mutual recover",
                      text::printable(file.string(), 4096))};
}

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

// FNV-1a: tells a line that was half written, no more.
std::string sum_of(std::string_view inventory, std::int64_t act, std::string_view digest) {
  std::uint64_t sum = 0xCBF29CE484222325;
  for (const char one : fmt::format("{} {} {}", inventory, act, digest)) {
    sum = (sum ^ static_cast<unsigned char>(one)) * 0x100000001B3;
  }
  return fmt::format("{:016x}", sum);
}

std::string block_of(const history& seen) {
  auto line = fmt::format("act {} {} {}\n", seen.act, seen.digest, sum_of(seen.inventory, seen.act, seen.digest));
  line.resize(block, '\n');
  return line;
}

read_act act_in(std::string_view whole, std::string_view inventory) {
  auto line = whole.substr(0, whole.find('\n'));
  if (!line.starts_with("act ")) return {};
  line.remove_prefix(4);
  const auto first = line.find(' '), last = line.rfind(' ');
  if (first == last) return {};
  const auto number = text::to_number(line.substr(0, first));
  const auto digest = line.substr(first + 1, last - first - 1);
  if (!number || digest.empty() || !is_hex(digest)) return {};
  const auto act = static_cast<std::int64_t>(*number);
  if (line.substr(last + 1) != sum_of(inventory, act, digest)) return {};
  return {act, std::string(digest)};
}

// The lines below; an act among them is one of before.
bool read_lines(std::string_view lines, mark& out) {
  for (const auto line : text::split_list(lines, '\n')) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return false;
    const auto word = line.substr(0, space);
    const auto value = line.substr(space + 1);
    if (word == "inventory" && is_hex(value)) {
      out.seen.inventory = value;
      continue;
    }
    if (word == "incarnation" && is_hex(value)) {
      out.seen.incarnation = value;
      continue;
    }
    const auto number = text::to_number(value.substr(0, value.find(' ')));
    if (!number || value.find(' ') == std::string_view::npos) return false;
    const auto rest = std::string(value.substr(value.find(' ') + 1));
    if (word == "act" && is_hex(rest)) {
      out.seen.act = static_cast<std::int64_t>(*number);
      out.seen.digest = rest;
    } else if (word == "list") {
      out.list_numbers[rest] = *number;
    } else {
      return false;
    }
  }
  return true;
}

result<std::optional<parsed>> parse(const layout& places) {
  MUTUAL_TRY(const bool there, file::exists(places.mark()));
  if (!there) return std::optional<parsed>();
  MUTUAL_TRY(const auto written, file::read(places.mark()));
  parsed out;
  // It is written whole, so one that does not end in a newline is cut off.
  if (!written.ends_with('\n')) return damaged(places.mark());
  const std::string_view whole = written;
  out.has_blocks = !whole.starts_with("inventory ") && whole.size() > texts_at;
  if (!read_lines(whole.substr(out.has_blocks ? texts_at : 0), out.says)) return damaged(places.mark());
  auto& seen = out.says.seen;
  if (out.has_blocks) {
    out.acts = {act_in(whole, seen.inventory), act_in(whole.substr(block), seen.inventory)};
    const auto& newer = out.acts[0].act >= out.acts[1].act ? out.acts[0] : out.acts[1];
    seen.act = newer.act;
    seen.digest = newer.digest;
  }
  if (seen.inventory.empty() || seen.digest.empty()) return damaged(places.mark());
  return std::optional<parsed>(std::move(out));
}

}  // namespace

result<std::optional<mark>> read_mark(const layout& places) {
  MUTUAL_TRY(auto found, parse(places));
  if (!found) return std::optional<mark>();
  return std::optional<mark>(std::move(found->says));
}

result<> write_mark(const layout& places, const mark& now) {
  const auto first = block_of(now.seen);
  auto text = fmt::format("{0}{0}inventory {1}\n", first, now.seen.inventory);
  if (!now.seen.incarnation.empty()) text += fmt::format("incarnation {}\n", now.seen.incarnation);
  for (const auto& [issuer, number] : now.list_numbers) text += fmt::format("list {} {}\n", number, issuer);
  return file::replace(places.mark(), text, file::access::owner_only);
}

result<> advance_mark(const layout& places, const history& seen) {
  MUTUAL_TRY(const auto before, parse(places));
  if (!before || !before->has_blocks || before->says.seen.inventory != seen.inventory ||
      before->says.seen.incarnation != seen.incarnation) {
    return write_mark(places, {seen, before ? before->says.list_numbers : decltype(mark::list_numbers){}});
  }
  if (before->says.seen.act == seen.act && before->says.seen.digest == seen.digest) return {};
  const bool is_first_older = before->acts[0].act < before->acts[1].act;
  const descriptor handle(::open(places.mark().c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  const auto bytes = block_of(seen);
  const off_t at = is_first_older ? 0 : static_cast<off_t>(block);
  if (!handle || ::pwrite(handle.get(), bytes.data(), bytes.size(), at) != static_cast<ssize_t>(bytes.size()) ||
      ::fdatasync(handle.get()) != 0) {
    return error(errc::io, fmt::format("cannot write {}: {}", text::printable(places.mark().string(), 4096),
                                       file::advice(errno)));
  }
  return {};
}

}  // namespace mutual::authority
