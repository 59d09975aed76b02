#pragma once
// file_name: how a file gets a name, also where a file system has no hard links (FAT, exFAT, some shares).

#include "base/file.hpp"

#include <mutual/result.hpp>

#include <filesystem>

namespace mutual::file {

/// Gives the file `from` the name `to` in place of its own if nothing has that, in one step where the file system can;
/// 0 or an errno: EEXIST if something has it.
int give_free_name(const std::filesystem::path& from, const std::filesystem::path& to);

/// Gives the file `from` the name `to` besides, if nothing has that: a hard link, or a copy where there are none. 0 or
/// an errno: EEXIST if something has it, ENOENT if `from` is not there.
int give_second_name(const std::filesystem::path& from, const std::filesystem::path& to, access who);

/// An error if something is there that is no regular file: a file that took its place would take a device, a folder or
/// what a symbolic link stands for from everybody who uses it.
result<> check_is_file_or_free(const std::filesystem::path& path);

}  // namespace mutual::file
