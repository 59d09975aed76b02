#pragma once
// Files read with a limit, and written whole or not at all.

#include <mutual/result.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace mutual::file {

/// The largest key, certificate or bundle that we read: far above any real one, far below what hurts.
inline constexpr std::size_t default_limit = std::size_t{4} * 1024 * 1024;

/// The contents of a file; an error that says why it cannot be read, or that it is larger than `limit` bytes.
result<std::string> read(const std::filesystem::path& path, std::size_t limit = default_limit);

/// Who may read a file that we write.
enum class access {
  everyone,    ///< 0644: certificates.
  owner_only,  ///< 0600 from the first byte: keys, PKCS#12, the inventory.
};

/// Writes a new file: whole and on the disk, or not there at all. One that exists is left as it is (already_exists).
result<> create(const std::filesystem::path& path, std::string_view contents, access who);

/// Writes a file over an older one, whole: readers see the old contents or the new, never a mixture.
result<> replace(const std::filesystem::path& path, std::string_view contents, access who);

/// Puts the names in a folder on the disk. File systems that cannot do that for folders do not make it an error.
void sync(const std::filesystem::path& folder);

/// mkdir(2), whose folder its owner can use whatever the umask is; 0 or an errno.
int make_one_folder(const std::filesystem::path& path, access who);

/// Makes a folder and those above it, closed to others if `who` says so and whatever
/// the umask is open to its owner; no error if it is there.
result<> make_folder(const std::filesystem::path& path, access who);

/// Whether something is there; whether it is a folder. What cannot be known (a folder above it may not be read) is an
/// error, and not an absence.
result<bool> exists(const std::filesystem::path& path);
result<bool> is_folder(const std::filesystem::path& path);

/// The name if files can safely be called by it: up to 128 bytes of UTF-8, no slashes, backslashes, control characters
/// or wildcards, no dot or hyphen at the beginning, no space at either end. Otherwise an error that says why.
result<std::string> checked_name(std::string_view name);

/// What the operating system says, and what to do about it where that is plain.
std::string advice(int code);

/// What the operating system says about `errno`-like code ("Permission denied").
std::string system_message(int code);

}  // namespace mutual::file
