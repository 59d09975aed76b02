#include "net/address.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>

namespace mutual::net {
namespace {

const sockaddr_in& as_v4(const endpoint& e) { return *reinterpret_cast<const sockaddr_in*>(e.get()); }
const sockaddr_in6& as_v6(const endpoint& e) { return *reinterpret_cast<const sockaddr_in6*>(e.get()); }

struct free_addresses {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

error unusable(std::string_view text) {
  return {errc::bad_usage,
          fmt::format("{} is not an address to use: write HOST:PORT, as in localhost:5000, 0.0.0.0:443 or [::1]:5000",
                      text::quoted(text))};
}

}  // namespace

endpoint::endpoint(const sockaddr* address, socklen_t size) {
  std::memcpy(&storage_, address, std::min<std::size_t>(size, sizeof storage_));
}

socklen_t endpoint::size() const { return family() == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in); }

std::string endpoint::address() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = family() == AF_INET6 ? static_cast<const void*>(&as_v6(*this).sin6_addr)
                                           : static_cast<const void*>(&as_v4(*this).sin_addr);
  return ::inet_ntop(family(), bytes, text.data(), text.size()) != nullptr ? text.data() : "?";
}

unsigned short endpoint::port() const {
  return ntohs(family() == AF_INET6 ? as_v6(*this).sin6_port : as_v4(*this).sin_port);
}

void endpoint::set_port(unsigned short port) {
  if (family() == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(get())->sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in*>(get())->sin_port = htons(port);
  }
}

std::string endpoint::to_string() const {
  return family() == AF_INET6 ? fmt::format("[{}]:{}", address(), port()) : fmt::format("{}:{}", address(), port());
}

bool endpoint::is_loopback() const {
  if (family() == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&as_v6(*this).sin6_addr) != 0;
  return (ntohl(as_v4(*this).sin_addr.s_addr) >> 24U) == 127;
}

result<host_port> parse_host_port(std::string_view text) {
  // Looked up, a name would end at a zero.
  if (text.find('\0') != std::string_view::npos) return unusable(text);
  host_port parsed;
  std::string_view port = text;
  if (text.starts_with('[')) {
    const auto end = text.find("]:");
    if (end == std::string_view::npos) return unusable(text);
    parsed.host = text.substr(1, end - 1);
    port = text.substr(end + 2);
  } else if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
    parsed.host = text.substr(0, colon);
    port = text.substr(colon + 1);
    // "::1:5000" could be read in two ways.
    if (parsed.host.find(':') != std::string::npos) return unusable(text);
  }
  const auto number = text::to_number(port);
  if (!number || *number > 65535) return unusable(text);
  parsed.port = static_cast<unsigned short>(*number);
  return parsed;
}

result<std::vector<endpoint>> resolve(const host_port& where, bool to_listen) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (to_listen ? AI_PASSIVE : 0);
  addrinfo* found = nullptr;
  const auto port = std::to_string(where.port);
  const int code = ::getaddrinfo(where.host.empty() ? nullptr : where.host.c_str(), port.c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, free_addresses> list(found);
  if (code != 0) {
    return error(errc::not_found, fmt::format("the host {} has no address: {}: check how it is written, "
                                              "and that names can be looked up here",
                                              text::quoted(where.host),
                                              code == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(code)));
  }
  std::vector<endpoint> endpoints;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    if (one->ai_family == AF_INET || one->ai_family == AF_INET6) endpoints.emplace_back(one->ai_addr, one->ai_addrlen);
  }
  if (endpoints.empty()) {
    return error(errc::not_found,
                 fmt::format("the host {} has no IPv4 or IPv6 address: name one that has", text::quoted(where.host)));
  }
  return endpoints;
}

}  // namespace mutual::net
