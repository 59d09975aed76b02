#pragma once
// end_watch: hears of a connection's end while nobody reads it or writes to it.

#include "net/socket.hpp"

#include <functional>
#include <memory>

namespace mutual::net {

/// While it lives, the other end's going is told: once, by a call from the loop, when that has closed its side (or the
/// connection broke), or when our side has cancelled the socket. One a socket at a time; it may be destroyed by the
/// call. What other waits on the socket hear is as without it.
class end_watch {
 public:
  end_watch(socket& of, std::function<void()> tell);
  ~end_watch();
  end_watch(const end_watch&) = delete;
  end_watch& operator=(const end_watch&) = delete;

 private:
  friend class socket;
  void ended();

  socket& socket_;
  std::function<void()> tell_;
  std::shared_ptr<end_watch*> self_;  // null within, once it is gone
  bool told_ = false;
};

}  // namespace mutual::net
