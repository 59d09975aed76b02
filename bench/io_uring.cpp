// The least server there is, by epoll and by io_uring: what a request on a kept connection costs the kernel by either,
// with nothing around it. Says how many it answered, and its CPU for each, when it gets SIGTERM.
//
//   bench_io_uring epoll|io_uring PORT

#include "base/descriptor.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <liburing.h>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace {

using mutual::descriptor;

constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nHello, alice!\n";
constexpr std::size_t read_bytes = std::size_t{16} * 1024;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

descriptor listen_on(std::uint16_t port) {
  descriptor made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(port);
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!made || ::bind(made.get(), reinterpret_cast<sockaddr*>(&place), sizeof place) != 0 ||
      ::listen(made.get(), SOMAXCONN) != 0) {
    fail("cannot listen");
  }
  return made;
}

void hurry(int connection) {
  const int yes = 1;
  (void)::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

// Readable once the server is to stop.
descriptor end_signal() {
  sigset_t which;
  sigemptyset(&which);
  sigaddset(&which, SIGTERM);
  sigprocmask(SIG_BLOCK, &which, nullptr);
  return descriptor(::signalfd(-1, &which, SFD_CLOEXEC));
}

// Edge-triggered and registered once, as net::socket does it.
long serve_by_epoll(int listening, int end) {
  const descriptor events(::epoll_create1(EPOLL_CLOEXEC));
  const auto watch = [&](int fd, std::uint32_t what) {
    epoll_event wanted{};
    wanted.events = what;
    wanted.data.fd = fd;
    if (::epoll_ctl(events.get(), EPOLL_CTL_ADD, fd, &wanted) != 0) fail("cannot watch a socket");
  };
  watch(listening, EPOLLIN);
  watch(end, EPOLLIN);
  std::array<epoll_event, 256> seen;
  std::array<char, read_bytes> room;
  for (long answered = 0;;) {
    const int count = ::epoll_wait(events.get(), seen.data(), static_cast<int>(seen.size()), -1);
    for (int at = 0; at < count; ++at) {
      const int fd = seen[static_cast<std::size_t>(at)].data.fd;
      if (fd == end) return answered;
      if (fd == listening) {
        const int connection = ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        hurry(connection);
        watch(connection, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
      } else if ((seen[static_cast<std::size_t>(at)].events & EPOLLIN) != 0) {
        if (::recv(fd, room.data(), room.size(), 0) <= 0) {
          ::close(fd);
        } else if (::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) > 0) {
          ++answered;
        }
      }
    }
  }
}

// Multishot accept and receive, buffers that the kernel chooses from, no completion for what is sent, and one system
// call for all that one look brought.
class ring {
 public:
  explicit ring(unsigned flags) {
    io_uring_params how{};
    how.flags = flags | IORING_SETUP_CQSIZE;
    how.cq_entries = 4096;
    errno = -io_uring_queue_init_params(1024, &ring_, &how);
    if (errno != 0) fail("there is no such io_uring here");
    io_uring_buf_reg place{};
    void* memory = nullptr;
    if (::posix_memalign(&memory, 4096, buffers * sizeof(io_uring_buf)) != 0) fail("no memory");
    shared_.reset(static_cast<io_uring_buf_ring*>(memory));
    place.ring_addr = reinterpret_cast<std::uintptr_t>(memory);
    place.ring_entries = buffers;
    errno = -io_uring_register_buf_ring(&ring_, &place, 0);
    if (errno != 0) fail("cannot share buffers");
    io_uring_buf_ring_init(shared_.get());
    for (unsigned each = 0; each < buffers; ++each) give_back(each);
    advance();
  }
  ~ring() { io_uring_queue_exit(&ring_); }
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;

  long serve(int listening, int end) {
    auto* const accepting = next();
    io_uring_prep_multishot_accept(accepting, listening, nullptr, nullptr, 0);
    mark(accepting, task::accept, listening);
    auto* const ending = next();
    io_uring_prep_poll_add(ending, end, POLLIN);
    mark(ending, task::end, end);
    for (;;) {
      io_uring_submit_and_wait(&ring_, 1);
      unsigned head = 0;
      unsigned count = 0;
      io_uring_cqe* done = nullptr;
      io_uring_for_each_cqe(&ring_, head, done) {
        ++count;
        if (!handle(*done)) return answered_;
      }
      advance();
      io_uring_cq_advance(&ring_, count);
    }
  }

 private:
  enum class task : std::uint8_t { accept, receive, send, end };
  static constexpr unsigned buffers = 256;
  struct release {
    void operator()(void* memory) const { std::free(memory); }
  };

  io_uring_sqe* next() {
    auto* const made = io_uring_get_sqe(&ring_);
    if (made == nullptr) fail("the ring is full");
    return made;
  }
  // Once the request is filled in.
  static void mark(io_uring_sqe* request, task what, int fd) {
    io_uring_sqe_set_data64(request, static_cast<std::uint64_t>(fd) << 2U | static_cast<std::uint64_t>(what));
  }

  void receive(int connection) {
    auto* const made = next();
    io_uring_prep_recv_multishot(made, connection, nullptr, 0, 0);
    made->flags |= IOSQE_BUFFER_SELECT;
    mark(made, task::receive, connection);
  }

  bool handle(const io_uring_cqe& done) {
    const auto what = static_cast<task>(done.user_data & 3U);
    const int fd = static_cast<int>(done.user_data >> 2U);
    if (what == task::end) return false;
    if (what == task::accept) {
      hurry(done.res);
      receive(done.res);
    } else if (what == task::receive && done.res <= 0) {
      ::close(fd);
    } else if (what == task::receive) {
      give_back(done.flags >> IORING_CQE_BUFFER_SHIFT);
      auto* const made = next();
      io_uring_prep_send(made, fd, answer.data(), answer.size(), MSG_NOSIGNAL);
      made->flags |= IOSQE_CQE_SKIP_SUCCESS;
      mark(made, task::send, fd);
      ++answered_;
      if ((done.flags & IORING_CQE_F_MORE) == 0) receive(fd);
    }
    return true;
  }

  void give_back(unsigned which) {
    io_uring_buf_ring_add(shared_.get(), room_.data() + which * read_bytes, read_bytes,
                          static_cast<unsigned short>(which), io_uring_buf_ring_mask(buffers), given_++);
  }
  void advance() {
    io_uring_buf_ring_advance(shared_.get(), given_);
    given_ = 0;
  }

  io_uring ring_{};
  std::vector<char> room_ = std::vector<char>(buffers * read_bytes);
  std::unique_ptr<io_uring_buf_ring, release> shared_;
  int given_ = 0;
  long answered_ = 0;
};

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::fputs("usage: bench_io_uring epoll|io_uring PORT\n", stderr);
    return 2;
  }
  const std::string_view how = words[1];
  const descriptor end = end_signal();
  const descriptor listening = listen_on(static_cast<std::uint16_t>(std::atoi(words[2])));
  const long answered =
      how == "epoll" ? serve_by_epoll(listening.get(), end.get())
                     : ring(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN).serve(listening.get(), end.get());
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto microseconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  std::printf("%ld %.2f\n", answered,
              (microseconds(used.ru_utime) + microseconds(used.ru_stime)) / static_cast<double>(answered));
}
