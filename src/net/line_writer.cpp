#include "net/line_writer.hpp"

#include <climits>

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace mutual::net {
namespace {

using clock = std::chrono::steady_clock;

constexpr auto time_to_finish = std::chrono::seconds(1);
// How long a wait for room may go on before it is looked whether the end has come meanwhile.
constexpr int look_up_ms = 100;

// A pipe that poll(2) calls writable takes this much without blocking, and never mixes it with others' (pipe(7)).
std::size_t next_piece(std::string_view bytes) {
  if (bytes.size() <= PIPE_BUF) return bytes.size();
  const auto line_end = bytes.substr(0, PIPE_BUF).rfind('\n');
  return line_end == std::string_view::npos ? PIPE_BUF : line_end + 1;
}

}  // namespace

line_writer::line_writer(int descriptor, std::size_t most_bytes)
    : descriptor_(descriptor), most_bytes_(most_bytes), thread_([this] { run(); }) {}

void line_writer::write(std::string_view line) {
  const std::scoped_lock lock(mutex_);
  if (finishing_ || waiting_.size() + line.size() + 1 > most_bytes_) {
    ++dropped_;
    return;
  }
  const bool first = waiting_.empty();
  waiting_.append(line).append(1, '\n');
  if (first) wake_.notify_one();
}

void line_writer::finish() {
  {
    const std::scoped_lock lock(mutex_);
    if (!finishing_) last_moment_ = clock::now() + time_to_finish;
    finishing_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void line_writer::run() {
  std::string bytes;
  while (take(bytes)) put(bytes);
}

// All that waits, and what was dropped after it; false when there is nothing and never will be.
bool line_writer::take(std::string& into) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return finishing_ || !waiting_.empty(); });
  into.clear();
  into.swap(waiting_);
  if (dropped_ > 0) {
    into += std::to_string(dropped_) + (dropped_ == 1 ? " line was" : " lines were") +
            " dropped here: whoever reads this was too slow\n";
    dropped_ = 0;
  }
  return !into.empty() && !abandoned_;
}

void line_writer::put(std::string_view bytes) {
  while (!bytes.empty() && wait_for_room()) {
    const auto written = ::write(descriptor_, bytes.data(), next_piece(bytes));
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    // A closed terminal or a reader that has gone is no reason to stop serving.
    if (written < 0 && errno != EINTR && errno != EAGAIN) return;
  }
}

// False if there will be none in time.
bool line_writer::wait_for_room() {
  for (;;) {
    pollfd watched{descriptor_, POLLOUT, 0};
    const int ready = ::poll(&watched, 1, look_up_ms);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    const std::scoped_lock lock(mutex_);
    if (!finishing_ || clock::now() < last_moment_) continue;
    abandoned_ = true;
    return false;
  }
}

}  // namespace mutual::net
