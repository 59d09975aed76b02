#pragma once
// workplace: a folder that is built beside the place where it is wanted.

#include "base/descriptor.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <vector>

namespace mutual::authority {

/// Goes with all its contents when destroyed, and so do the folders above it that had to be made, unless it has taken
/// the name that is wanted. It is locked while it lives: what is not locked belongs to a process that was killed.
class workplace {
 public:
  /// Makes an empty folder beside `wanted`, and takes away what killed processes have left of theirs.
  static result<workplace> make(const std::filesystem::path& wanted);

  workplace(workplace&& other) noexcept;
  workplace(const workplace&) = delete;
  workplace& operator=(const workplace&) = delete;
  workplace& operator=(workplace&&) = delete;
  ~workplace();

  const std::filesystem::path& path() const { return path_; }

  /// Gives it the wanted name; already_exists if something but an empty folder has that name by now.
  result<> take_name();

 private:
  workplace() = default;
  result<> make_parents(const std::filesystem::path& parent);

  descriptor lock_;
  std::filesystem::path path_, wanted_;
  std::vector<std::filesystem::path> parents_;
};

}  // namespace mutual::authority
