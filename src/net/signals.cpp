#include "net/signals.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

namespace mutual::net {

signal_gate::signal_gate(std::initializer_list<int> numbers) : opened_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  ::pthread_sigmask(SIG_BLOCK, &set, &before_);
  signals_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

signal_gate::~signal_gate() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

std::optional<int> signal_gate::wait() {
  for (;;) {
    std::array<pollfd, 2> watched{{{signals_.get(), POLLIN, 0}, {opened_.get(), POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return std::nullopt;
    signalfd_siginfo arrived{};
    if (::read(signals_.get(), &arrived, sizeof arrived) == static_cast<ssize_t>(sizeof arrived)) {
      return static_cast<int>(arrived.ssi_signo);
    }
    if ((watched[1].revents & POLLIN) != 0) return std::nullopt;
  }
}

bool signal_gate::has_come(int number) const {
  sigset_t waiting;
  sigemptyset(&waiting);
  return signals_ && ::sigpending(&waiting) == 0 && ::sigismember(&waiting, number) == 1;
}

void signal_gate::open() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(opened_.get(), &one, sizeof one);
}

}  // namespace mutual::net
