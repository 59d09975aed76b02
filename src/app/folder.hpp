#pragma once
// folder: the files below one folder, as responses.

#include "app/file_answer.hpp"
#include "base/descriptor.hpp"

#include <mutual/request.hpp>
#include <mutual/response.hpp>
#include <mutual/result.hpp>
#include <mutual/routes.hpp>
#include <mutual/task.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mutual {

/// Serves the regular files below a folder, and nothing else: no hidden files, also where a symbolic link leads to one;
/// nothing outside that a link leads to; no devices. A folder is answered with its index.html, or with a list of what
/// is in it. Safe to use from any thread; copies share the folder.
class folder {
 public:
  /// An error if there is no such folder, if it cannot be read, or if the kernel cannot keep names below it
  /// (openat2(2), Linux 5.6).
  static result<folder> open(const std::filesystem::path& path, const folder_options& how = {});

  /// The answer to a GET or HEAD for the file that the request's path names, after its first `skipped` segments: see
  /// `file_answer`. Throws a `problem` if there is none to be had: 404, 403 if it is not readable, 503 if the system is
  /// short of something. What is not in the system's memory is waited for on one of the app's workers. The request and
  /// the folder must outlive the task.
  task<response> answer(const request& asked, std::size_t skipped = 0) const;

 private:
  folder(descriptor handle, const folder_options& how)
      : root_(std::make_shared<const descriptor>(std::move(handle))), how_(how) {}

  descriptor open_shown(const std::string& name, disk how) const;
  std::optional<response> try_answer(const request& asked, std::size_t skipped, disk how) const;
  std::optional<response> answer_file(const request& asked, const std::string& name, descriptor handle,
                                      const struct stat& facts, disk how) const;
  std::optional<response> answer_index(const request& asked, const std::string& name, disk how) const;
  static response list(int handle, std::string_view path);

  std::shared_ptr<const descriptor> root_;
  folder_options how_;
};

}  // namespace mutual
