#pragma once
// served_file: one state of a file, read as long as the file is in that state.

#include "base/descriptor.hpp"
#include "http/precondition.hpp"

#include <mutual/task.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <sys/stat.h>

namespace mutual {

/// An open regular file as it was when it was looked at. What is read of it is of that state, or is not given at all.
/// Safe to use from any thread.
class served_file {
 public:
  /// The file as `facts`, which are the handle's, say.
  served_file(descriptor handle, const struct stat& facts) : handle_(std::move(handle)), facts_(facts) {}

  std::uint64_t size() const { return static_cast<std::uint64_t>(facts_.st_size); }

  /// The tag is of the file's identity, size and times; weak while the file is so young that it could change without
  /// that being seen in its times.
  http::validators validators() const;

  /// Appends bytes to `out` if the system has them in memory; false, and `out` as it was, if it would have to wait for
  /// a disk. Throws as `read` does.
  bool read_at_once(std::uint64_t first, std::size_t length, std::string& out) const;

  /// Appends bytes to `out`, and waits for the disk. Throws std::runtime_error if the file is no longer as it was.
  void read(std::uint64_t first, std::size_t length, std::string& out) const;

  /// Fills `into` with the bytes from `first` on; a worker of the app waits for the disk, if need be, and nothing is in
  /// `into` meanwhile. How many they are: all, unless the disk is waited for. Throws as `read` does, but need not find
  /// that the file has changed: whoever reads on and on asks that now and then, and at the end. The file must outlive
  /// the task.
  task<std::size_t> read_soon(std::uint64_t first, std::span<char> into) const;

  /// Throws as `read` does if the file is no longer as it was.
  void check_unchanged() const;

 private:
  descriptor handle_;
  struct stat facts_;
};

}  // namespace mutual
