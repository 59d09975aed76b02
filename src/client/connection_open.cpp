// Getting a connection: the host's addresses, the handshake, and the server's first word.

#include "client/connection.hpp"
#include "client/left_alert.hpp"
#include "net/address.hpp"
#include "net/listener.hpp"

#include <sys/socket.h>
#include <utility>

namespace mutual::client {

using tls::io_status;

namespace {

std::string address_of(const descriptor& connected) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getpeername(connected.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  return net::endpoint(reinterpret_cast<const sockaddr*>(&storage), size).to_string();
}

}  // namespace

task<result<>> connection::open(url where) {
  net::host_port name;
  name.host = where.host;
  name.port = where.port;
  auto addresses = net::resolve(name, false);
  if (!addresses) co_return std::move(addresses).error();
  auto opening = open_at(std::move(where), *std::move(addresses));
  auto opened = co_await std::move(opening);
  co_return opened;
}

task<result<>> connection::open_at(url where, std::vector<net::endpoint> addresses) {
  where_ = std::move(where);
  report_ = {};
  report_.host = where_.host;
  report_.port = where_.port;
  report_.secure = where_.secure;
  if (where_.secure && !how_.tls) co_return error(errc::internal, "an https URL needs a TLS client context");
  auto connecting = net::connect(loop_, std::move(addresses), how_.timeouts.connect);
  auto connected = co_await std::move(connecting);
  if (!connected) co_return std::move(connected).error();
  report_.address = address_of(*connected);
  stream_.reset();
  facts_ = {};
  early_.clear();
  answers_ = 0;
  surplus_ = false;
  stream_.emplace(loop_, *std::move(connected), nullptr);
  phase_ = phase::idle;
  if (!where_.secure) {
    report_.finished = true;
    co_return result<>();
  }
  auto shaking = shake_hands();
  auto shaken = co_await std::move(shaking);
  if (!shaken) phase_ = phase::closed;
  co_return shaken;
}

task<result<>> connection::shake_hands() {
  facts_.host = where_.host;
  if (facts_.host.ends_with('.')) facts_.host.pop_back();  // Neither SNI nor certificates have the root's dot.
  auto ssl = how_.tls->connect(facts_);
  if (!ssl) co_return error(errc::internal, "cannot set up TLS: out of memory");
  stream_->start_tls(std::move(ssl));
  stream_->socket().set_deadline(how_.timeouts.handshake);
  auto handshake = stream_->handshake();
  const auto status = co_await std::move(handshake);
  if (status != io_status::ok) {
    // Our write may have failed because the server is gone; what it said last is still there to be read.
    if (status == io_status::cut_off && !facts_.alert_received) facts_.alert_received = left_alert(*stream_);
    co_return broken(status);
  }
  report_.finished = true;
  update_report();
  auto who = how_.tls->who_is_at(stream_->native(), facts_);
  if (!who) co_return std::move(who).error();
  server_ = *std::move(who);
  auto welcome = await_welcome();
  auto welcomed = co_await std::move(welcome);
  co_return welcomed;
}

task<result<>> connection::await_welcome() {
  if (report_.version != "TLSv1.3" || !facts_.asked || how_.timeouts.welcome.count() == 0) co_return result<>();
  stream_->socket().set_deadline(how_.timeouts.welcome);
  while (facts_.tickets == 0) {
    const auto got = stream_->try_read(loop_.scratch());
    if (got.status == io_status::ok) {  // It answers before it is asked: too busy, perhaps. It has let us in.
      early_.assign(loop_.scratch().data(), got.bytes);
      break;
    }
    if (got.status != io_status::would_block) co_return broken(got.status);
    if (facts_.tickets != 0) break;
    const auto woken = co_await stream_->wait();
    if (woken != net::wait_status::ready) break;
  }
  stream_->socket().clear_deadline();
  co_return result<>();
}

}  // namespace mutual::client
