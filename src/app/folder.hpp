#pragma once
// folder: the files below one folder, as responses.

#include "base/descriptor.hpp"

#include <mutual/request.hpp>
#include <mutual/response.hpp>
#include <mutual/result.hpp>

#include <filesystem>
#include <memory>
#include <string_view>

namespace mutual {

/// Serves the regular files below a folder, and nothing else: no hidden files, nothing that a symbolic link leads out
/// to, no devices. A folder is answered with its index.html, or with a list of what is in it. Safe to use from any
/// thread; copies share the folder.
class folder {
 public:
  /// An error if there is no such folder, or if it cannot be read.
  static result<folder> open(const std::filesystem::path& path);

  /// The answer to a GET or HEAD for the file that the request's path names. Throws a `problem` (404, 403) if there is
  /// none to be had. A file is read piece by piece, as fast as the client takes it.
  response answer(const request& asked) const;

 private:
  explicit folder(descriptor handle) : root_(std::make_shared<const descriptor>(std::move(handle))) {}

  response list(int handle, std::string_view path) const;

  std::shared_ptr<const descriptor> root_;
};

}  // namespace mutual
