#include "net/listener.hpp"

#include "base/file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace mutual::net {
namespace {

// Enough for a burst; the kernel lowers it to what the system allows (net.core.somaxconn).
constexpr int backlog = 4096;
constexpr std::chrono::milliseconds pause_when_exhausted{100};

void enable(int fd, int level, int option) {
  const int on = 1;
  (void)::setsockopt(fd, level, option, &on, sizeof on);
}

error cannot_listen(const endpoint& where, int code) {
  if (code == EADDRINUSE) {
    return {errc::io, fmt::format("cannot listen on {}: another program uses this port; stop it or choose another port",
                                  where.to_string())};
  }
  if (code == EACCES) {
    return {
        errc::io,
        fmt::format("cannot listen on {}: ports below 1024 need permission (CAP_NET_BIND_SERVICE); choose a higher one",
                    where.to_string())};
  }
  if (code == EADDRNOTAVAIL) {
    return {errc::io, fmt::format("cannot listen on {}: this machine does not have that address", where.to_string())};
  }
  return {errc::io, fmt::format("cannot listen on {}: {}", where.to_string(), file::system_message(code))};
}

result<descriptor> bound(const endpoint& where, bool shared) {
  descriptor handle(::socket(where.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!handle) return cannot_listen(where, errno);
  enable(handle.get(), SOL_SOCKET, SO_REUSEADDR);
  if (shared) enable(handle.get(), SOL_SOCKET, SO_REUSEPORT);
  // Answers go out whole, so Nagle's algorithm would only delay them. Connections inherit it from their listener.
  enable(handle.get(), IPPROTO_TCP, TCP_NODELAY);
  // An IPv6 socket that also took IPv4 would stand in the way of the IPv4 one beside it.
  if (where.family() == AF_INET6) enable(handle.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (::bind(handle.get(), where.get(), where.size()) != 0) return cannot_listen(where, errno);
  return handle;
}

result<unsigned short> bound_port(const descriptor& handle, const endpoint& where) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(handle.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0)
    return cannot_listen(where, errno);
  return endpoint(reinterpret_cast<const sockaddr*>(&storage), size).port();
}

// SO_REUSEPORT would let a second server of ours share the port in silence; a socket without it finds out first.
result<> make_sure_it_is_free(endpoint& where) {
  MUTUAL_TRY(const descriptor probe, bound(where, false));
  if (::listen(probe.get(), 1) != 0) return cannot_listen(where, errno);
  MUTUAL_TRY(const auto port, bound_port(probe, where));
  where.set_port(port);
  return {};
}

bool is_exhaustion(int code) { return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM; }

}  // namespace

result<std::vector<std::vector<descriptor>>> listen(std::vector<endpoint>& endpoints, std::size_t copies) {
  unsigned short chosen = 0;
  for (auto& where : endpoints) {
    if (where.port() == 0) where.set_port(chosen);
    // A machine without IPv6 still resolves "localhost" to ::1; one address that works is enough then.
    if (auto free = make_sure_it_is_free(where); !free) {
      if (where.family() == AF_INET6 && endpoints.size() > 1) continue;
      return std::move(free).error();
    }
    chosen = where.port();
  }

  std::vector<std::vector<descriptor>> sockets(copies);
  std::vector<endpoint> used;
  for (const auto& where : endpoints) {
    for (auto& copy : sockets) {
      auto handle = bound(where, true);
      if (!handle && where.family() == AF_INET6 && endpoints.size() > 1) break;
      if (!handle) return std::move(handle).error();
      if (::listen(handle->get(), backlog) != 0) return cannot_listen(where, errno);
      copy.push_back(*std::move(handle));
    }
    if (!sockets.empty() && sockets.front().size() > used.size()) used.push_back(where);
  }
  endpoints = std::move(used);
  return sockets;
}

task<> accept_all(socket& listening, std::function<void(descriptor, const endpoint&)> accepted, logger log) {
  bool complained = false;
  for (;;) {
    // One at a time: each may have much to do at once, and who is there already has a turn in between.
    const auto woken = co_await listening.readable();
    if (woken == wait_status::cancelled) co_return;
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    descriptor handle = listening.accept(storage, size);
    if (handle) {
      complained = false;
      accepted(std::move(handle), endpoint(reinterpret_cast<const sockaddr*>(&storage), size));
      continue;
    }
    if (const int code = errno; is_exhaustion(code)) {
      if (!complained) {
        log.error(
            fmt::format("cannot accept connections: {}; trying again until it is possible (raise the limit: ulimit -n)",
                        file::system_message(code)));
      }
      complained = true;
      co_await listening.owner().sleep(pause_when_exhausted);
    }
    // EAGAIN: nobody else is there. Anything else is the fate of one connection that went away (accept(2)).
  }
}

namespace {

std::string why_not_connected(const endpoint& where, int code) {
  std::string_view fix = "check the address, the network and its firewalls";
  if (code == ECONNREFUSED) fix = "nobody listens there: start the service, or correct the address or port";
  if (code == EMFILE || code == ENFILE) fix = "allow more open files (ulimit -n)";
  return fmt::format("cannot connect to {}: {}: {}", where.to_string(), file::system_message(code), fix);
}

}  // namespace

task<result<descriptor>> connect(loop& on, std::vector<endpoint> candidates, std::chrono::milliseconds limit_each) {
  error last(errc::not_found, "there is no address to connect to");
  for (const auto& where : candidates) {
    descriptor handle(::socket(where.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!handle) {
      last = error(errc::io, why_not_connected(where, errno));
      continue;
    }
    enable(handle.get(), IPPROTO_TCP, TCP_NODELAY);
    const int fd = handle.get();
    int code = ::connect(fd, where.get(), where.size()) == 0 ? 0 : errno;
    if (code == EINPROGRESS) {
      // The watcher gets a copy of the descriptor; the connection itself outlives it.
      socket watcher(on, descriptor(::dup(fd)));
      watcher.set_deadline(limit_each);
      const auto woken = co_await watcher.writable();
      socklen_t size = sizeof code;
      if (woken == wait_status::timed_out) {
        code = ETIMEDOUT;
      } else if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0) {
        code = errno;
      }
    }
    if (code == 0) co_return result<descriptor>(std::move(handle));
    last = error(code == ETIMEDOUT ? errc::timed_out : errc::io, why_not_connected(where, code));
  }
  co_return result<descriptor>(std::move(last));
}

}  // namespace mutual::net
