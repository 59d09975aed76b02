// Feeds a fuzz target its seeds without a fuzzer: every file of the folders named, whole, cut short, and with single
// bits flipped. The same inputs each time, so a crash here is a failing test that anybody can run again.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t most_variants = 128;

// On the heap and of the exact size, so that the address sanitizer sees a read of one byte too many.
void feed(const std::vector<std::uint8_t>& input) {
  const std::vector<std::uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void replay(const std::vector<std::uint8_t>& seed) {
  feed(seed);
  const std::size_t step = seed.size() / most_variants + 1;
  for (std::size_t at = 0; at < seed.size(); at += step) {
    feed({seed.begin(), seed.begin() + static_cast<std::ptrdiff_t>(at)});
    std::vector<std::uint8_t> flipped = seed;
    flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ (1U << (at % 8U)));
    feed(flipped);
  }
}

std::vector<std::uint8_t> contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t seeds = 0;
  for (int i = 1; i < count; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(arguments[i])) {
      if (!entry.is_regular_file()) continue;
      std::fprintf(stderr, "%s\n", entry.path().c_str());  // the last one printed is the one that crashed
      replay(contents(entry.path()));
      ++seeds;
    }
  }
  std::fprintf(stderr, "%zu seeds replayed\n", seeds);
  return seeds > 0 ? 0 : 1;
}
