#pragma once
// The inside of the loop: for the files of net/ alone.

#include "base/descriptor.hpp"
#include "net/deadline.hpp"
#include "net/loop.hpp"
#include "net/socket.hpp"

#include <boost/intrusive/list.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <sys/epoll.h>
#include <thread>
#include <vector>

namespace mutual::net {

/// epoll, edge-triggered: a socket is registered once, and remembers itself what the kernel has told about it. (Asio
/// registers anew for each wait; on a kept connection that was one system call in four.)
struct loop::impl {
  impl();

  /// Waits for news no longer than until something is to be done anyway, and does all that there is to do.
  void turn();
  bool has_work();

  void ring() const;
  /// Whether anything was told of.
  bool collect(int timeout);
  void resume_ready();
  void resume_those_behind(clock::duration at_least);
  void run_posted();
  void run_due(clock::time_point now);
  int patience(clock::time_point now) const;

  descriptor events;
  std::array<epoll_event, 256> seen{};  // what one look brings
  descriptor bell;                      // wakes the loop for what other threads bring
  std::atomic<bool> stopped{false};
  std::atomic<std::thread::id> running_on{};

  std::mutex guard;
  std::vector<std::function<void()>> posted;  // guarded
  std::atomic<bool> has_posted{false};        // so that a turn without any takes no lock

  std::multimap<clock::time_point, std::function<void()>> timers;
  // Sockets whose waits are over. They are resumed after all that one look at epoll brought is noted down, so that none
  // of it can be about a socket that is gone.
  using line = boost::intrusive::list<socket, boost::intrusive::constant_time_size<false>>;
  line ready;
  line behind;  // the sockets among them that stand behind the others
  std::size_t waits = 0;

  std::array<char, std::size_t{64} * 1024> scratch{};
  std::vector<char> clear;
  std::vector<char> sealed;
  std::unique_ptr<deadline_wheel> deadlines;
};

}  // namespace mutual::net
