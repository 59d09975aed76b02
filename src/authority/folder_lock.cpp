#include "authority/folder_lock.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <thread>

namespace mutual::authority {
namespace {

using clock = std::chrono::steady_clock;

// Who waits for the folder itself is alone in that, and who waits behind it can be many.
constexpr std::chrono::milliseconds first_looks_every{1}, others_look_every{5};

result<> lock(const descriptor& handle, clock::time_point until, std::chrono::milliseconds every,
              const std::string& shown) {
  while (::flock(handle.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return error(errc::io, fmt::format("cannot lock {}: {}", shown, file::system_message(errno)));
    }
    if (clock::now() >= until) {
      return error(
          errc::timed_out,
          fmt::format("another process has been changing {} for too long: see what it does, and try again", shown));
    }
    std::this_thread::sleep_for(every);
  }
  return {};
}

}  // namespace

result<folder_lock> folder_lock::take(const std::filesystem::path& folder, std::chrono::milliseconds patience) {
  const auto shown = text::printable(folder.string(), 4096);
  descriptor handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle && (errno == ENOENT || errno == ENOTDIR)) {
    return error(errc::not_found, fmt::format("there is no PKI in {0}: make one with mutual init --pki {0}", shown));
  }
  if (!handle) return error(errc::io, fmt::format("cannot open {}: {}", shown, file::advice(errno)));
  const auto until = clock::now() + patience;
  // One at a time waits for the folder, and holds the folder below meanwhile: so a service that takes its next turn as
  // soon as one is over comes after whoever waits already. What is not there cannot be waited at.
  const descriptor queue(::open((folder / "issued").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (queue) MUTUAL_CHECK(lock(queue, until, others_look_every, shown));
  MUTUAL_CHECK(lock(handle, until, first_looks_every, shown));
  return folder_lock(std::move(handle));
}

}  // namespace mutual::authority
