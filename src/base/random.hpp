#pragma once
// Random bytes from the operating system.

#include <cstddef>
#include <string>

namespace mutual {

/// That many unpredictable bytes. Ends the program if the system has none to give: nothing safe could follow.
std::string random_bytes(std::size_t count);

/// That many unpredictable bytes as twice as many hex digits.
std::string random_hex(std::size_t bytes);

}  // namespace mutual
