#include "tls/file_watch.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

namespace mutual::tls {

std::string stamp_of(const std::vector<std::filesystem::path>& files) {
  std::string stamp;
  for (const auto& file : files) {
    struct stat facts {};
    if (::stat(file.c_str(), &facts) != 0) {
      stamp += "-;";
      continue;
    }
    fmt::format_to(std::back_inserter(stamp), "{}.{}.{}.{}.{}.{};", facts.st_dev, facts.st_ino, facts.st_size,
                   facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec, facts.st_ctim.tv_nsec);
  }
  return stamp;
}

}  // namespace mutual::tls
