// What a folder remembers of its inventory, in its file inventory.mark.

#include "authority/mark_text.hpp"
#include "base/descriptor.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace mutual::authority {
namespace {

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

result<std::optional<read_mark_text>> parse(const layout& places) {
  MUTUAL_TRY(const bool there, file::exists(places.mark()));
  if (!there) return std::optional<read_mark_text>();
  MUTUAL_TRY(const auto written, file::read(places.mark()));
  MUTUAL_TRY(auto read, mark_from_text(written, shown(places.mark())));
  return std::optional<read_mark_text>(std::move(read));
}

}  // namespace

result<std::optional<mark>> read_mark(const layout& places) {
  MUTUAL_TRY(auto found, parse(places));
  if (!found) return std::optional<mark>();
  return std::optional<mark>(std::move(found->says));
}

result<> write_mark(const layout& places, const mark& now) {
  return file::replace(places.mark(), mark_to_text(now), file::access::owner_only);
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
  const auto bytes = mark_block_of(seen);
  const off_t at = is_first_older ? 0 : static_cast<off_t>(mark_block);
  if (!handle || ::pwrite(handle.get(), bytes.data(), bytes.size(), at) != static_cast<ssize_t>(bytes.size()) ||
      ::fdatasync(handle.get()) != 0) {
    return error(errc::io, fmt::format("cannot write {}: {}", shown(places.mark()), file::advice(errno)));
  }
  return {};
}

}  // namespace mutual::authority
