#include "authority/folder_lock.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <thread>

namespace mutual::authority {

result<folder_lock> folder_lock::take(const std::filesystem::path& folder, std::chrono::milliseconds patience) {
  const auto shown = text::printable(folder.string(), 4096);
  descriptor handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle && (errno == ENOENT || errno == ENOTDIR)) {
    return error(errc::not_found, fmt::format("there is no PKI in {0}: make one with mutual init --pki {0}", shown));
  }
  if (!handle) return error(errc::io, fmt::format("cannot open {}: {}", shown, file::advice(errno)));
  const auto until = std::chrono::steady_clock::now() + patience;
  while (::flock(handle.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return error(errc::io, fmt::format("cannot lock {}: {}", shown, file::system_message(errno)));
    }
    if (std::chrono::steady_clock::now() >= until) {
      return error(
          errc::timed_out,
          fmt::format("another process has been changing {} for too long: see what it does, and try again", shown));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return folder_lock(std::move(handle));
}

}  // namespace mutual::authority
