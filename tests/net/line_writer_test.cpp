// Lines that nobody may read.
#include "net/line_writer.hpp"

#include "base/descriptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <unistd.h>

namespace mutual::net {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

struct pipe_ends {
  descriptor from, to;
  pipe_ends() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    from = descriptor(ends[0]);
    to = descriptor(ends[1]);
  }
};

// What comes until that appears in it, or the end.
std::string read_until(int fd, std::string_view part) {
  std::string all;
  while (all.find(part) == std::string::npos) {
    pollfd watched{fd, POLLIN, 0};
    if (::poll(&watched, 1, 10'000) <= 0) break;
    char piece[4096];
    const auto got = ::read(fd, piece, sizeof piece);
    if (got <= 0) break;
    all.append(piece, static_cast<std::size_t>(got));
  }
  return all;
}

TEST(line_writer, says_how_many_lines_it_had_to_drop_when_there_is_room_again) {
  const pipe_ends ends;
  line_writer lines(ends.to.get(), 64 * 1024);
  const std::string line(1000, 'x');
  for (int count = 0; count < 500; ++count) lines.write(line);
  const std::string all = read_until(ends.from.get(), "dropped");
  EXPECT_THAT(all, testing::ContainsRegex("\n[0-9]+ lines were dropped here"));
}

TEST(line_writer, gives_up_what_nobody_reads_a_second_after_the_end) {
  const pipe_ends ends;
  line_writer lines(ends.to.get());
  for (int count = 0; count < 500; ++count) lines.write(std::string(1000, 'x'));
  const auto began = clock::now();
  lines.finish();
  EXPECT_LT(clock::now() - began, 5s);
}

}  // namespace
}  // namespace mutual::net
