// Memory that is given back a piece at a time: all of it, and nothing beside it.
#include "base/give_back.hpp"

#include "support/rests.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <unistd.h>
#include <vector>

namespace mutual {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;

std::size_t resident() {
  std::size_t whole = 0, here = 0;
  std::ifstream("/proc/self/statm") >> whole >> here;
  return here * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(what_is_given_back, is_free) {
  std::string text(64 * mebibyte, 'x');
  const auto before = resident();
  give_back(std::move(text));
  EXPECT_LT(resident() + 60 * mebibyte, before);
}

TEST(what_is_given_back, goes_in_pieces) {
  std::string text(256 * mebibyte, 'x');
  test::expect_rests_during([&] { give_back(std::move(text)); });
}

TEST(what_is_given_back, leaves_what_stands_beside_it) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{5}, mebibyte - 1, mebibyte, mebibyte + 1, 3 * mebibyte + 7}) {
    // All in one piece of memory, or nearly.
    std::vector<std::string> others(3, std::string(size, 'o'));
    give_back(std::move(others[1]));
    EXPECT_EQ(others[0], std::string(size, 'o'));
    EXPECT_EQ(others[2], std::string(size, 'o'));
  }
}

}  // namespace
}  // namespace mutual
