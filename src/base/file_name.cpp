#include "base/file_name.hpp"

#include "base/descriptor.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mutual::file {
namespace {

// Of renameat2(2): what neither the kernel nor the file system knows; a filter of system calls says EPERM.
bool is_unknown(int code) { return code == EINVAL || code == ENOSYS || code == EPERM || code == EOPNOTSUPP; }

// Of link(2): what the file system has not (its page: EPERM), or a share refuses.
bool has_no_links(int code) { return code == EPERM || code == ENOSYS || code == EOPNOTSUPP || code == EMLINK; }

int code_of(bool done) { return done ? 0 : errno; }

}  // namespace

int give_free_name(const std::filesystem::path& from, const std::filesystem::path& to) {
  const int renamed = code_of(::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0);
  if (!is_unknown(renamed)) return renamed;
  // link(2), unlike rename(2), fails when the name is taken.
  const int linked = code_of(::link(from.c_str(), to.c_str()) == 0);
  if (linked == 0) (void)::unlink(from.c_str());
  if (!has_no_links(linked)) return linked;
  // Nobody else gets the name once an empty file has it, and that is ours to replace.
  const descriptor claimed(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!claimed) return errno;
  const int moved = code_of(std::rename(from.c_str(), to.c_str()) == 0);
  if (moved != 0) (void)::unlink(to.c_str());
  return moved;
}

int give_second_name(const std::filesystem::path& from, const std::filesystem::path& to, access who) {
  const int linked = code_of(::link(from.c_str(), to.c_str()) == 0);
  if (!has_no_links(linked)) return linked;
  auto contents = read(from);
  if (!contents) return contents.error().code() == errc::not_found ? ENOENT : EIO;
  const auto copied = create(to, *contents, who);
  ::explicit_bzero(contents->data(), contents->size());  // It may be a key.
  if (copied) return 0;
  return copied.error().code() == errc::already_exists ? EEXIST : EIO;
}

result<> check_is_file_or_free(const std::filesystem::path& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0 || S_ISREG(facts.st_mode)) return {};  // Whatever else is wrong is told later.
  const auto refuse = [&](std::string_view what) {
    return error(errc::bad_input, fmt::format("{} is {}", text::printable(path.string(), 4096), what));
  };
  if (S_ISDIR(facts.st_mode)) return refuse("a folder: name a file in it");
  if (S_ISLNK(facts.st_mode)) {
    return refuse("a symbolic link, which is left as it is: name the file that it leads to, or take the link away");
  }
  return refuse("a device, a pipe or a socket, and no file takes its place: name a file");
}

}  // namespace mutual::file
