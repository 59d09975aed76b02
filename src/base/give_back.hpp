#pragma once
// Memory that is freed without keeping others waiting.

#include <string>

namespace mutual {

/// Frees what a text takes, a piece at a time if that is much. The system frees memory in one go without letting
/// anybody else onto the core, which for a revocation list of a million entries is ten milliseconds and more.
void give_back(std::string&& text) noexcept;

}  // namespace mutual
