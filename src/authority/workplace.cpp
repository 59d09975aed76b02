#include "authority/workplace.hpp"

#include "base/file.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace mutual::authority {
namespace {

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

std::filesystem::path parent_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// The folder, if it is ours and no other process works in it: opened and locked, for as long as it stays open.
descriptor locked(const std::filesystem::path& path) {
  descriptor handle(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat opened {
  }, named{};
  if (!handle || ::fstat(handle.get(), &opened) != 0 || opened.st_uid != ::geteuid()) return {};
  if (::flock(handle.get(), LOCK_EX | LOCK_NB) != 0) return {};
  // It may have got its wanted name, or been swept, before the lock was had.
  if (::lstat(path.c_str(), &named) != 0 || named.st_ino != opened.st_ino || named.st_dev != opened.st_dev) return {};
  return handle;
}

bool is_suffix(std::string_view text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Takes away what processes that were killed have left: keys of authorities that never came to be.
void sweep(const std::filesystem::path& parent, const std::string& prefix) {
  std::vector<std::filesystem::path> litter;
  std::error_code code;
  for (std::filesystem::directory_iterator at(parent, code), end; !code && at != end; at.increment(code)) {
    const auto name = at->path().filename().string();
    if (name.starts_with(prefix) && is_suffix(std::string_view(name).substr(prefix.size())))
      litter.push_back(at->path());
  }
  for (const auto& path : litter) {
    if (const auto lock = locked(path); lock) std::filesystem::remove_all(path, code);
  }
}

}  // namespace

result<workplace> workplace::make(const std::filesystem::path& wanted) {
  workplace made;
  made.wanted_ = wanted.lexically_normal();
  if (!made.wanted_.has_filename()) made.wanted_ = made.wanted_.parent_path();
  const auto parent = parent_of(made.wanted_);
  MUTUAL_CHECK(made.make_parents(parent));
  const auto prefix = fmt::format(".{}.new-", made.wanted_.filename().string());
  sweep(parent, prefix);
  // Whoever sweeps may take a folder in the moment before it is locked: then there is another.
  for (int tries = 0; tries < 100; ++tries) {
    const auto path = parent / (prefix + random_hex(8));
    if (const int code = file::make_one_folder(path, file::access::everyone); code != 0) {
      return error(errc::io, fmt::format("cannot make a folder in {}: {}; name another place with --pki", shown(parent),
                                         file::system_message(code)));
    }
    if (auto lock = locked(path); lock) {
      made.path_ = path;
      made.lock_ = std::move(lock);
      return made;
    }
  }
  return error(errc::internal, fmt::format("cannot keep a folder in {}: others remove it", shown(parent)));
}

workplace::workplace(workplace&& other) noexcept
    : lock_(std::move(other.lock_)),
      path_(std::exchange(other.path_, {})),
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
