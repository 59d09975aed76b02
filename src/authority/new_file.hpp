#pragma once
// new_file: a file outside the folder that is being built, which goes if the folder never comes to be.

#include <filesystem>
#include <unistd.h>
#include <utility>

namespace mutual::authority {

/// Removes the file that it was told of, unless it is kept.
class new_file {
 public:
  new_file() = default;
  new_file(const new_file&) = delete;
  new_file& operator=(const new_file&) = delete;
  ~new_file() {
    if (!path_.empty()) (void)::unlink(path_.c_str());
  }

  void written(std::filesystem::path path) { path_ = std::move(path); }
  void keep() { path_.clear(); }

 private:
  std::filesystem::path path_;
};

}  // namespace mutual::authority
