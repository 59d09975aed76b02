#include "authority/layout.hpp"

#include "base/file.hpp"

#include <cstdlib>

namespace mutual::authority {
std::filesystem::path pki_folder(const std::filesystem::path& given) {
  if (!given.empty()) return given;
  const char* from_environment = std::getenv("MUTUAL_PKI");
  if (from_environment == nullptr || *from_environment == '\0') return "pki";
  // One that may not be looked at is there all the same.
  const auto there = file::exists("pki");
  if (!there || *there) return "pki";
  return from_environment;
}

}  // namespace mutual::authority
