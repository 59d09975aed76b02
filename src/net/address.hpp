#pragma once
// Where to listen, and where to connect to.

#include <mutual/result.hpp>

#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

namespace mutual::net {

/// One IPv4 or IPv6 address and port.
class endpoint {
 public:
  endpoint() = default;
  endpoint(const sockaddr* address, socklen_t size);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage_); }
  socklen_t size() const;
  int family() const { return storage_.sin6_family; }

  /// "127.0.0.1", "::1".
  std::string address() const;
  unsigned short port() const;
  void set_port(unsigned short port);
  /// "127.0.0.1:5000", "[::1]:5000".
  std::string to_string() const;
  /// Whether only this machine can reach it.
  bool is_loopback() const;

 private:
  sockaddr_in6 storage_{};  // the larger of the two; each connection keeps one
};

/// A host and a port, as a person writes them.
struct host_port {
  std::string host;  ///< Without brackets; empty for every address of this machine.
  unsigned short port = 0;
};

/// "localhost:5000", "127.0.0.1:0", "[::1]:5000", ":5000", "5000" taken apart.
result<host_port> parse_host_port(std::string_view text);

/// The addresses of a host. Blocks while the system resolves the name (names in /etc/hosts and addresses are quick).
/// `to_listen`: an empty host is every address of this machine.
result<std::vector<endpoint>> resolve(const host_port& where, bool to_listen);

}  // namespace mutual::net
