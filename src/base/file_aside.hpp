#pragma once
// file_aside: a file that gets its name only once it was found good.

#include "base/file.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <functional>
#include <string_view>

namespace mutual::file {

/// What becomes of a file that has the name.
enum class existing {
  kept,      ///< It stays, and that is an error (already_exists).
  replaced,  ///< The new one takes its place, in one step.
};

/// Writes a file beside `path`, on the disk, and hands `check` the name that it has there; it gets its own name if that
/// finds it good. Otherwise it goes, and what was there before is as it was. An error (bad_input) if something has the
/// name that is no regular file.
result<> put_checked(const std::filesystem::path& path, std::string_view contents, access who, existing what,
                     const std::function<result<>(const std::filesystem::path& aside)>& check);

}  // namespace mutual::file
