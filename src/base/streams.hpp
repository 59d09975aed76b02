#pragma once
// The three streams that a process is born with.

#include <string_view>

namespace mutual {

/// Keeps descriptors 0 to 2 from becoming something else: where one of them is closed, /dev/null is opened for it, so
/// that no socket gets the number that output goes to. What is written to such an output fails, as it would have
/// without. For the start of a program, before it opens anything.
void reserve_standard_streams();

/// Writes to a descriptor. A reader that has gone away, or a full disk, is no reason to stop: it is ignored.
void say(int descriptor, std::string_view text) noexcept;

/// Writes to standard error, likewise.
void say(std::string_view text) noexcept;

}  // namespace mutual
