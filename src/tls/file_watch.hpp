#pragma once
// Noticing that files have changed.

#include <filesystem>
#include <string>
#include <vector>

namespace mutual::tls {

/// What a set of files looked like at one moment: names, sizes, times, inodes. Equal stamps mean that nothing was
/// written in between; a file that is missing is part of the picture.
std::string stamp_of(const std::vector<std::filesystem::path>& files);

}  // namespace mutual::tls
