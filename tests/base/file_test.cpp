// What is read from a file is handed on without being copied.
#include "base/file.hpp"

#include "x509/scratch.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace mutual::file {
namespace {

// A password or a key: whoever wipes it at last can only wipe where it is then.
TEST(what_is_read, is_in_one_place_however_short_it_is) {
  const scratch folder;
  for (const std::size_t size : {0U, 1U, 12U, 15U, 16U, 1000U}) {
    folder.write("password", std::string(size, 'p'));
    auto read = file::read(folder / "password").value();
    EXPECT_EQ(read, std::string(size, 'p'));
    const auto* const place = read.data();
    const std::string next(std::move(read));
    EXPECT_EQ(next.data(), place) << size;
  }
}

}  // namespace
}  // namespace mutual::file
