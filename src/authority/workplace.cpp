#include "authority/workplace.hpp"

#include "base/descriptor.hpp"
#include "base/file.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace mutual::authority {
namespace {

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

std::filesystem::path parent_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

result<workplace> workplace::make(const std::filesystem::path& wanted) {
  workplace made;
  made.wanted_ = wanted.lexically_normal();
  if (!made.wanted_.has_filename()) made.wanted_ = made.wanted_.parent_path();
  const auto parent = parent_of(made.wanted_);
  MUTUAL_CHECK(made.make_parents(parent));
  const auto path = parent / fmt::format(".{}.new-{}", made.wanted_.filename().string(), random_hex(8));
  if (::mkdir(path.c_str(), 0755) != 0) {
    return error(errc::io, fmt::format("cannot make a folder in {}: {}; name another place with --pki", shown(parent),
                                       file::system_message(errno)));
  }
  made.path_ = path;
  return made;
}

workplace::workplace(workplace&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      wanted_(std::move(other.wanted_)),
      parents_(std::exchange(other.parents_, {})) {}

workplace::~workplace() {
  std::error_code code;
  if (!path_.empty()) std::filesystem::remove_all(path_, code);
  for (auto at = parents_.rbegin(); at != parents_.rend(); ++at) std::filesystem::remove(*at, code);
}

result<> workplace::take_name() {
  // rename(2) takes the place of an empty folder and of nothing else, so that of two at once only one can win.
  if (std::rename(path_.c_str(), wanted_.c_str()) != 0) {
    const int code = errno;
    if (code == ENOTEMPTY || code == EEXIST || code == ENOTDIR) {
      return error(errc::already_exists,
                   fmt::format("{} has come into being meanwhile, and is left as it is", shown(wanted_)));
    }
    return error(errc::io, fmt::format("cannot make {}: {}", shown(wanted_), file::system_message(code)));
  }
  path_.clear();
  parents_.clear();
  const descriptor folder(::open(parent_of(wanted_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) (void)::fsync(folder.get());
  return {};
}

result<> workplace::make_parents(const std::filesystem::path& parent) {
  std::error_code code;
  if (std::filesystem::is_directory(parent, code)) return {};
  if (parent.has_parent_path() && parent.parent_path() != parent) MUTUAL_CHECK(make_parents(parent.parent_path()));
  MUTUAL_CHECK(file::make_folder(parent, file::access::everyone));
  parents_.push_back(parent);
  return {};
}

}  // namespace mutual::authority
