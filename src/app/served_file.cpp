#include "app/served_file.hpp"

#include "base/clock.hpp"

#include <mutual/offload.hpp>
#include <mutual/problem.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <sys/uio.h>
#include <unistd.h>

namespace mutual {
namespace {

// The coarsest clock that a file system stamps its files with (FAT): a file older than that has changed its times if it
// has changed at all.
constexpr auto clock_step = std::chrono::seconds(2);

// Of what lies on the disk so much at once: each client that waits for it has that much memory of its own.
constexpr std::size_t read_by_a_worker = std::size_t{48} * 1024;

std::uint64_t nanoseconds(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
}

sys_seconds whole_seconds(const timespec& time) { return sys_seconds(std::chrono::seconds(time.tv_sec)); }

bool same(const timespec& left, const timespec& right) {
  return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
}

// Spreads a number over all of its bits, so that an inode's number is in a tag and is not told by it.
std::uint64_t mixed(std::uint64_t value) {
  constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 32U)) * golden_ratio;
  value = (value ^ (value >> 29U)) * golden_ratio;
  return value ^ (value >> 32U);
}

[[noreturn]] void throw_changed() { throw std::runtime_error("a file changed while it was being sent"); }

// pread(2) until that much is there; false if that would have to wait, and may not.
bool fill(int handle, std::uint64_t first, std::span<char> out, int flags) {
  while (!out.empty()) {
    const iovec room{out.data(), out.size()};
    const auto got = ::preadv2(handle, &room, 1, static_cast<off_t>(first), flags);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && flags != 0 && (errno == EAGAIN || errno == EOPNOTSUPP || errno == ENOSYS)) return false;
    if (got <= 0) throw_changed();  // shorter than it was, or not readable any more
    out = out.subspan(static_cast<std::size_t>(got));
    first += static_cast<std::uint64_t>(got);
  }
  return true;
}

}  // namespace

http::validators served_file::validators() const {
  const auto today = now();
  const auto changed = std::max(whole_seconds(facts_.st_mtim), whole_seconds(facts_.st_ctim));
  const bool young = changed + clock_step >= today;
  const auto identity = mixed(facts_.st_ino ^ mixed(facts_.st_dev ^ mixed(nanoseconds(facts_.st_ctim))));
  return {
      fmt::format("{}\"{:x}-{:x}-{:016x}\"", young ? "W/" : "", nanoseconds(facts_.st_mtim), facts_.st_size, identity),
      std::min(whole_seconds(facts_.st_mtim), today),  // never later than Date (RFC 9110 section 8.8.2.1)
      // Nobody can set when a file came to be as it is: copied or moved here with the date of another, it differs.
      whole_seconds(facts_.st_ctim) <= whole_seconds(facts_.st_mtim)};
}

bool served_file::read_at_once(std::uint64_t first, std::size_t length, std::string& out) const {
  const auto before = out.size();
  out.resize(before + length);
  if (!fill(handle_.get(), first, std::span(out).subspan(before), RWF_NOWAIT)) {
    out.resize(before);
    return false;
  }
  check_unchanged();
  return true;
}

void served_file::read(std::uint64_t first, std::size_t length, std::string& out) const {
  const auto before = out.size();
  out.resize(before + length);
  fill(handle_.get(), first, std::span(out).subspan(before), 0);
  check_unchanged();
}

task<std::size_t> served_file::read_soon(std::uint64_t first, std::span<char> into) const {
  if (fill(handle_.get(), first, into, RWF_NOWAIT)) co_return into.size();
  std::string out;
  const auto length = std::min(into.size(), read_by_a_worker);
  auto work = [&] { read(first, length, out); };
  for (;;) {
    bool busy = false;
    try {
      co_await offload(work);
    } catch (const problem&) {
      // Only the workers throw this. What is half sent cannot be refused any more: it waits its turn.
      busy = true;
    }
    if (!busy) break;
    co_await sleep(std::chrono::milliseconds(20));
  }
  std::copy(out.begin(), out.end(), into.begin());
  co_return length;
}

// The status-change time is the system's to set: whoever writes into the file moves it, whatever they do with the other
// one. It moves also when the last name goes, for another file takes its place; its bytes are what they were.
void served_file::check_unchanged() const {
  struct stat facts {};
  if (::fstat(handle_.get(), &facts) != 0 || facts.st_size != facts_.st_size || !same(facts.st_mtim, facts_.st_mtim)) {
    throw_changed();
  }
  const bool has_lost_its_name = facts.st_nlink == 0;
  if (!has_lost_its_name && !same(facts.st_ctim, facts_.st_ctim)) throw_changed();
}

}  // namespace mutual
