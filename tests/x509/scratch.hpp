#pragma once
// A folder that goes with the test, and commands run in it.

#include "base/file.hpp"
#include "base/random.hpp"
#include "gtest/gtest.h"

#include <cstdlib>
#include <filesystem>
#include <string>

namespace mutual {

class scratch {
 public:
  scratch() : folder_(std::filesystem::temp_directory_path() / ("mutual-test-" + random_hex(8))) {
    std::filesystem::create_directories(folder_);
  }
  ~scratch() { std::filesystem::remove_all(folder_); }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  const std::filesystem::path& path() const { return folder_; }

  std::string bytes(const std::string& name) const {
    auto read = file::read(folder_ / name);
    EXPECT_TRUE(read) << name;
    return read ? *read : std::string();
  }
  void write(const std::string& name, std::string_view contents) const {
    const auto written = file::replace(folder_ / name, contents, file::access::owner_only);
    EXPECT_TRUE(written) << name;
  }

  /// Runs a shell line in the folder; gives its output, both kinds. Fails the test if the command fails.
  std::string run(const std::string& line) const {
    const auto [status, output] = attempt(line);
    EXPECT_EQ(status, 0) << line << "\n" << output;
    return output;
  }

  std::pair<int, std::string> attempt(const std::string& line) const {
    const int status =
        std::system(("cd '" + folder_.string() + "' && (" + line + ") >.output 2>&1 </dev/null").c_str());
    return {status, bytes(".output")};
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace mutual
