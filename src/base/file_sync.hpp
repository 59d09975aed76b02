#pragma once
// Files whose way to the disk is decided by whoever writes them, so that several files share it.

#include "base/file.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <string_view>
#include <vector>

namespace mutual::file {

/// What of a file is on the disk when a call returns. What is not may be gone, empty or in part zeros after the machine
/// has lost its power; whoever reads it meanwhile sees it whole.
enum class on_disk {
  contents,  ///< Not its name: sync() its folder, once for all files in it.
  nothing,   ///< sync_files() does it later.
};

/// As create() and replace() without this argument, which put both the contents and the name on the disk.
result<> create(const std::filesystem::path& path, std::string_view contents, access who, on_disk what);
result<> replace(const std::filesystem::path& path, std::string_view contents, access who, on_disk what);

/// Puts files and their names on the disk: each by itself if they are few, else all that their file system holds, at
/// once (syncfs(2)). All are on one file system. Those that are not there are left out.
result<> sync_files(const std::vector<std::filesystem::path>& files);

}  // namespace mutual::file
