#include "base/streams.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace mutual {

void reserve_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest free number is given out, and those below are taken. Read-only, so that output fails and is noticed.
    (void)::open("/dev/null", O_RDONLY);
  }
}

void say(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void say(std::string_view text) noexcept { say(STDERR_FILENO, text); }

}  // namespace mutual
