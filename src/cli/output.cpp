#include "cli/output.hpp"

#include "base/file.hpp"

#include <cerrno>
#include <cstdio>

namespace mutual::cli {

// stdio keeps the fact that something failed (ferror), though not what.
void put(std::string_view text) { (void)std::fwrite(text.data(), 1, text.size(), stdout); }

result<> finish_output() {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  const int code = errno;
  if (flushed && std::ferror(stdout) == 0) return {};
  return error(errc::io,
               fmt::format("cannot write standard output{}{}: what was to be printed is lost, what was done is done",
                           code != 0 ? ": " : "", code != 0 ? file::system_message(code) : ""));
}

}  // namespace mutual::cli
