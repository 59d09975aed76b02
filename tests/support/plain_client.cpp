#include "support/plain_client.hpp"

#include "support/tls_client.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace mutual::test {
namespace {

// Takes a chunked body off the front; nothing if it is not whole.
std::optional<std::string> take_chunks(std::string_view& bytes) {
  std::string body;
  auto rest = bytes;
  for (;;) {
    const auto line_end = rest.find("\r\n");
    if (line_end == std::string_view::npos) return std::nullopt;
    std::size_t size = 0;
    std::from_chars(rest.data(), rest.data() + line_end, size, 16);
    rest.remove_prefix(line_end + 2);
    if (rest.size() < size + 2) return std::nullopt;
    body += rest.substr(0, size);
    rest.remove_prefix(size + 2);
    if (size == 0) break;
  }
  bytes = rest;
  return body;
}

std::optional<answer> take_answer(std::string_view& bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  answer one{.status = status_of(bytes), .head = std::string(bytes.substr(0, end + 4)), .body = {}};
  auto rest = bytes.substr(end + 4);
  if (one.head.find("Transfer-Encoding: chunked") != std::string::npos) {
    auto body = take_chunks(rest);
    if (!body) return std::nullopt;
    one.body = *std::move(body);
  } else if (const auto at = one.head.find("Content-Length: "); at != std::string::npos) {
    std::size_t size = 0;
    std::from_chars(one.head.data() + at + 16, one.head.data() + one.head.size(), size);
    if (rest.size() < size) return std::nullopt;
    one.body = rest.substr(0, size);
    rest.remove_prefix(size);
  }
  bytes = rest;
  return one;
}

}  // namespace

std::vector<answer> answers_in(std::string_view bytes) {
  std::vector<answer> all;
  while (auto one = take_answer(bytes)) all.push_back(*std::move(one));
  return all;
}

plain_connection::plain_connection(unsigned short port) : handle_(connect_plain(port)) {}

bool plain_connection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

answer plain_connection::read_answer() {
  for (;;) {
    std::string_view rest = pending_;
    if (auto one = take_answer(rest)) {
      pending_.erase(0, pending_.size() - rest.size());
      return *std::move(one);
    }
    char piece[16384];
    const auto got = ::recv(fd(), piece, sizeof piece, 0);
    if (got <= 0) return {};
    pending_.append(piece, static_cast<std::size_t>(got));
  }
}

std::string plain_connection::read_to_end() { return std::exchange(pending_, {}) + read_all(fd()); }

bool plain_connection::ends_within(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd watched{fd(), POLLIN, 0};
    if (::poll(&watched, 1, static_cast<int>(left.count())) <= 0) continue;
    char piece[16384];
    if (::recv(fd(), piece, sizeof piece, 0) <= 0) return true;
  }
}

void plain_connection::finish_writing() { ::shutdown(fd(), SHUT_WR); }

void plain_connection::vanish() {
  const linger at_once{1, 0};
  ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  handle_.reset();
}

std::string get_request(std::string_view target, std::string_view fields) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", target, fields);
}

std::string post_request(std::string_view body, std::string_view fields) {
  return fmt::format("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), fields, body);
}

}  // namespace mutual::test
