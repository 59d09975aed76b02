#pragma once
// folder_lock: one process at a time changes a PKI's folder.

#include "base/descriptor.hpp"

#include <mutual/result.hpp>

#include <chrono>
#include <filesystem>

namespace mutual::authority {

/// Held while it lives; the system lets go of it when the process ends, however it ends. It locks the folder itself, so
/// no file is left behind.
class folder_lock {
 public:
  /// Waits its turn, and lets nobody pass by who comes later, however soon; timed_out if that takes longer than
  /// `patience`.
  static result<folder_lock> take(const std::filesystem::path& folder,
                                  std::chrono::milliseconds patience = std::chrono::seconds(30));

 private:
  explicit folder_lock(descriptor handle) : handle_(std::move(handle)) {}
  descriptor handle_;
};

}  // namespace mutual::authority
