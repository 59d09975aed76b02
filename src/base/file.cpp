#include "base/file.hpp"

#include "base/considerate.hpp"
#include "base/descriptor.hpp"
#include "base/file_aside.hpp"
#include "base/file_name.hpp"
#include "base/file_sync.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace mutual::file {
namespace {

// The system may let nobody else onto the core while it reads: a revocation list of 70 MB in one call would keep a
// thread that serves there waiting.
constexpr std::size_t most_at_once = std::size_t{128} * 1024;

// NAME.crt.new-0123456789abcdef must still be a file name (255 bytes).
constexpr std::size_t longest_name = 128;

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

error failure(std::string_view what, const std::filesystem::path& path, int code) {
  const auto kind = code == ENOENT ? errc::not_found : code == EEXIST ? errc::already_exists : errc::io;
  return {kind, fmt::format("{} {}: {}", what, shown(path), advice(code))};
}

result<> write_all(int descriptor, std::string_view contents, const std::filesystem::path& path, bool is_synced) {
  while (!contents.empty()) {
    const auto written = ::write(descriptor, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failure("cannot write", path, errno);
    contents.remove_prefix(static_cast<std::size_t>(written));
  }
  if (is_synced && ::fsync(descriptor) != 0) return failure("cannot write", path, errno);
  return {};
}

// A name in the folder is durable only when the folder itself is written (fsync(2)). Some file systems cannot do that
// for folders; the file itself is safe then, so a refusal is not an error.
void sync_folder(const std::filesystem::path& folder) {
  const descriptor handle(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle) (void)::fsync(handle.get());
}

// A umask that takes from others what they would have is honoured; one that locks the owner out would leave a key that
// nobody can use.
void open_to_owner(int made, mode_t wanted, mode_t owners) {
  struct stat facts {};
  if (::fstat(made, &facts) == 0 && (facts.st_mode & owners) != owners)
    (void)::fchmod(made, (facts.st_mode & wanted) | owners);
}

result<bool> has_kind(const std::filesystem::path& path, mode_t kind) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0) return kind == 0 || (facts.st_mode & S_IFMT) == kind;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return failure("cannot look at", path, errno);
}

// Writes `contents` to a new file beside `path`, under a name that nobody else uses, and gives that name.
result<std::filesystem::path> write_beside(const std::filesystem::path& path, std::string_view contents, access who,
                                           bool is_synced = true) {
  auto beside = path;
  beside += ".new-" + random_hex(8);
  const mode_t mode = who == access::owner_only ? 0600 : 0644;
  const descriptor handle(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!handle) return failure("cannot write", path, errno);
  open_to_owner(handle.get(), mode, 0600);
  if (auto written = write_all(handle.get(), contents, path, is_synced); !written) {
    (void)::unlink(beside.c_str());
    return std::move(written).error();
  }
  return beside;
}

}  // namespace

std::string system_message(int code) { return std::generic_category().message(code); }

result<std::string> checked_name(std::string_view name) {
  const auto refuse = [&](std::string_view why) {
    return error(errc::bad_usage, fmt::format("{} cannot be the name of files: {}", text::quoted(name), why));
  };
  if (name.empty()) return refuse("it is empty");
  if (name.size() > longest_name) return refuse("it is longer than 128 bytes");
  if (name.front() == '.' || name.front() == '-') return refuse("it begins with a dot or a hyphen");
  if (name.front() == ' ' || name.back() == ' ') return refuse("it begins or ends with a space");
  if (name.find_first_of("/\\") != std::string_view::npos) return refuse("it holds a slash");
  if (name.find_first_of("*?") != std::string_view::npos) {
    return refuse("it holds a wildcard; name it otherwise, and give the wildcard as an alternative name after it");
  }
  // What printable() has to change is a control character, a quote, or not UTF-8.
  if (text::printable(name, longest_name + 1) != name)
    return refuse("it holds quotes, control characters, some that turn text around, or no UTF-8");
  return std::string(name);
}

std::string advice(int code) {
  auto said = system_message(code);
  if (code == EACCES || code == EPERM) return said + ": run as its owner";
  if (code == ENOSPC || code == EDQUOT) return said + ": free some space";
  if (code == EROFS) return said + ": choose a place that can be written";
  return said;
}

result<bool> exists(const std::filesystem::path& path) { return has_kind(path, 0); }
result<bool> is_folder(const std::filesystem::path& path) { return has_kind(path, S_IFDIR); }

int make_one_folder(const std::filesystem::path& path, access who) {
  const mode_t mode = who == access::owner_only ? 0700 : 0755;
  if (::mkdir(path.c_str(), mode) != 0) return errno;
  struct stat facts {};
  // It cannot be opened if the umask took the right to: by its name, then.
  if (::lstat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) && (facts.st_mode & 0700U) != 0700U) {
    (void)::chmod(path.c_str(), (facts.st_mode & mode) | 0700U);
  }
  return 0;
}

result<std::string> read(const std::filesystem::path& path, std::size_t limit) {
  const descriptor handle(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!handle && errno == ENOENT) {
    return error(errc::not_found, fmt::format("cannot read {}: {}: name one that is there, or restore it", shown(path),
                                              system_message(errno)));
  }
  if (!handle) return failure("cannot read", path, errno);
  struct stat facts {};
  if (::fstat(handle.get(), &facts) != 0) return failure("cannot read", path, errno);
  if (S_ISDIR(facts.st_mode)) {
    return error(errc::bad_input, fmt::format("cannot read {}: it is a folder: name a file in it", shown(path)));
  }

  // Read in place, with room for all of it: it may be a key, and whoever asked for it can wipe only what is handed
  // over.
  std::size_t room = std::min(limit, static_cast<std::size_t>(std::max<off_t>(facts.st_size, 0))) + 1;
  // Outside of the string object: what is short, a password, would be copied each time it is handed on.
  constexpr std::size_t beyond_the_object = 32;
  std::string contents;
  contents.reserve(std::max(room, beyond_the_object));
  for (std::size_t filled = 0;;) {
    contents.resize(std::min(room, filled + most_at_once));
    const auto got = ::read(handle.get(), contents.data() + filled, contents.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("cannot read", path, errno);
    filled += static_cast<std::size_t>(got);
    if (filled > limit) {
      return error(errc::limit_exceeded, fmt::format("cannot read {}: it is larger than {} bytes", shown(path), limit));
    }
    if (got == 0) {
      contents.resize(filled);
      return contents;
    }
    // A pipe says nothing about its size.
    if (filled == room) room = std::min(limit, room * 2) + 1;
    let_others_go_on();
  }
}

result<> create(const std::filesystem::path& path, std::string_view contents, access who, on_disk what) {
  MUTUAL_TRY(const auto beside, write_beside(path, contents, who, what == on_disk::contents));
  const int named = give_free_name(beside, path);
  if (named == 0) return {};
  (void)::unlink(beside.c_str());
  if (named == EEXIST) {
    return error(errc::already_exists, fmt::format("{} exists already and is not overwritten", shown(path)));
  }
  return failure("cannot write", path, named);
}

result<> create(const std::filesystem::path& path, std::string_view contents, access who) {
  MUTUAL_CHECK(create(path, contents, who, on_disk::contents));
  sync_folder(path.parent_path());
  return {};
}

result<> replace(const std::filesystem::path& path, std::string_view contents, access who, on_disk what) {
  MUTUAL_TRY(const auto beside, write_beside(path, contents, who, what == on_disk::contents));
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    const int code = errno;
    (void)::unlink(beside.c_str());
    return failure("cannot write", path, code);
  }
  return {};
}

result<> replace(const std::filesystem::path& path, std::string_view contents, access who) {
  MUTUAL_CHECK(replace(path, contents, who, on_disk::contents));
  sync_folder(path.parent_path());
  return {};
}

result<> put_checked(const std::filesystem::path& path, std::string_view contents, access who, existing what,
                     const std::function<result<>(const std::filesystem::path& aside)>& check) {
  MUTUAL_CHECK(check_is_file_or_free(path));
  MUTUAL_TRY(const auto beside, write_beside(path, contents, who));
  auto outcome = check(beside);
  if (outcome) {
    const int code = what == existing::kept                           ? give_free_name(beside, path)
                     : std::rename(beside.c_str(), path.c_str()) == 0 ? 0
                                                                      : errno;
    if (code == EEXIST) {
      outcome = error(errc::already_exists, fmt::format("{} exists already and is not overwritten", shown(path)));
    } else if (code != 0) {
      outcome = failure("cannot write", path, code);
    }
  }
  (void)::unlink(beside.c_str());  // Renamed, it is not there.
  if (outcome) sync_folder(path.parent_path());
  return outcome;
}

result<> sync_files(const std::vector<std::filesystem::path>& files) {
  constexpr std::size_t few = 4;
  if (files.empty()) return {};
  if (files.size() > few) {
    const auto folder = files.front().parent_path();
    const descriptor handle(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!handle || ::syncfs(handle.get()) != 0) return failure("cannot write", folder, errno);
    return {};
  }
  std::set<std::filesystem::path> folders;
  for (const auto& one : files) {
    const descriptor handle(::open(one.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
    if (!handle && errno == ENOENT) continue;
    if (!handle || ::fsync(handle.get()) != 0) return failure("cannot write", one, errno);
    folders.insert(one.parent_path());
  }
  for (const auto& one : folders) sync_folder(one);
  return {};
}

void sync(const std::filesystem::path& folder) { sync_folder(folder); }

result<> make_folder(const std::filesystem::path& path, access who) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) return {};
  if (path.has_parent_path() && path.parent_path() != path)
    MUTUAL_CHECK(make_folder(path.parent_path(), access::everyone));
  const int code_made = make_one_folder(path, who);
  if (code_made != 0 && code_made != EEXIST) return failure("cannot make the folder", path, code_made);
  if (!std::filesystem::is_directory(path, code)) {
    return error(errc::io, fmt::format("cannot make the folder {}: a file of that name is in the way", shown(path)));
  }
  return {};
}

}  // namespace mutual::file
