#include "net/socket.hpp"

#include "net/end_watch.hpp"
#include "net/loop_impl.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <utility>

namespace mutual::net {
namespace {

// What a system call counts for at least: sealing and sending a byte takes nearly as long as a few thousand do.
constexpr std::uint32_t least_for_a_call = 2048;

std::uint32_t cost_of(ssize_t moved) { return std::max(static_cast<std::uint32_t>(moved), least_for_a_call); }

bool is_empty(int code) { return code == EAGAIN || code == EWOULDBLOCK; }

}  // namespace

socket::socket(loop& on, descriptor handle)
    : loop_(on),
      handle_(std::move(handle)),
      deadline_(
          on, [](void* self) { static_cast<socket*>(self)->expire(); }, this) {}

socket::~socket() {
  if (waiting_ != nullptr) --loop_.internals().waits;
  close();
}

ssize_t socket::receive(std::span<char> into) {
  if (has_had_its_share()) {
    errno = EAGAIN;
    return -1;
  }
  const auto got = ::recv(fd(), into.data(), into.size(), 0);
  if (got > 0) {
    moved_ += cost_of(got);
    // Less than was asked for is all there was; but of an end that has come too, no further news would come.
    if (static_cast<std::size_t>(got) < into.size()) readable_ = ended_;
  } else if (got < 0 && is_empty(errno)) {
    readable_ = false;
  }
  return got;
}

ssize_t socket::send(std::string_view bytes) { return send(bytes, {}); }

ssize_t socket::send(std::string_view first, std::string_view second) {
  if (has_had_its_share()) {
    errno = EAGAIN;
    return -1;
  }
  std::array<iovec, 2> pieces{
      {{const_cast<char*>(first.data()), first.size()}, {const_cast<char*>(second.data()), second.size()}}};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = second.empty() ? 1 : 2;
  const auto sent = message.msg_iovlen == 1 ? ::send(fd(), first.data(), first.size(), MSG_NOSIGNAL)
                                            : ::sendmsg(fd(), &message, MSG_NOSIGNAL);
  if (sent >= 0) {
    moved_ += cost_of(sent);
    if (static_cast<std::size_t>(sent) < first.size() + second.size()) writable_ = false;
  } else if (is_empty(errno)) {
    writable_ = false;
  }
  return sent;
}

descriptor socket::accept(sockaddr_storage& from, socklen_t& size) {
  descriptor next(::accept4(fd(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!next && is_empty(errno)) readable_ = false;
  return next;
}

bool socket::register_once() {
  if (registered_) return true;
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  wanted.data.ptr = this;
  if (::epoll_ctl(loop_.internals().events.get(), EPOLL_CTL_ADD, fd(), &wanted) != 0) return false;
  registered_ = true;
  // What is there already is told at the next look.
  readable_ = writable_ = false;
  return true;
}

void socket::begin_wait(awaiter& waiting) {
  waiting_ = &waiting;
  ++loop_.internals().waits;
  if (!register_once()) {
    // The kernel has no room to watch it (epoll_ctl(2)): nothing would ever wake it, so it ends here.
    cancelled_ = true;
    end_wait();
  } else if (is_ready_for(waiting.direction_)) {
    end_wait();
  }
}

// From the loop: what the kernel tells.
void socket::notice(std::uint32_t events) {
  const bool over = (events & (EPOLLERR | EPOLLHUP)) != 0;
  ended_ = ended_ || over || (events & EPOLLRDHUP) != 0;
  if (ended_ && watch_ != nullptr) watch_->ended();
  // An error is for the system call that follows to find.
  if (ended_ || (events & EPOLLIN) != 0) readable_ = true;
  if (over || (events & EPOLLOUT) != 0) writable_ = true;
  if (waiting_ != nullptr && is_ready_for(waiting_->direction_)) end_wait();
}

// The coroutine goes on when the loop comes to it, never from within whoever ends its wait.
void socket::end_wait() {
  if (waiting_ == nullptr || is_linked()) return;
  auto& inside = loop_.internals();
  (behind_ ? inside.behind : inside.ready).push_back(*this);
}

void socket::resume() {
  moved_ = 0;
  takes_up_again_ = false;
  --loop_.internals().waits;
  std::exchange(waiting_, nullptr)->waiter_.resume();
}

void socket::expire() {
  // Whoever has what it waited for is not late because it stands in line here.
  came_in_time_ = waiting_ != nullptr && is_linked();
  // Remembered also if nobody waits at this moment: it is the next wait's answer then.
  deadline_passed_ = true;
  end_wait();
}

void socket::cancel() {
  cancelled_ = true;
  if (watch_ != nullptr) watch_->ended();
  end_wait();
}

void socket::close() {
  if (!handle_) return;
  // Closing alone would not do while a child process that is about to begin holds a copy (epoll(7)).
  if (std::exchange(registered_, false)) {
    (void)::epoll_ctl(loop_.internals().events.get(), EPOLL_CTL_DEL, fd(), nullptr);
  }
  handle_.reset();
}

}  // namespace mutual::net
