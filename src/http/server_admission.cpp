// How a connection is let in: the handshake, its verdict, and what the other end is told if it is refused.

#include "base/text.hpp"
#include "http/server.hpp"
#include "http/server_guest.hpp"
#include "http/server_worker.hpp"
#include "tls/handshake_failure.hpp"
#include "tls/refusal.hpp"

#include <fmt/format.h>

#include <utility>

namespace mutual::http {
namespace {

// A letter in the place of the record type is somebody's HTTP method; no TLS record type is a letter.
bool looks_like_http(char first) { return first >= 'A' && first <= 'Z'; }

constexpr std::string_view use_https =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Connection: close\r\n"
    "Content-Length: 87\r\n"
    "\r\n"
    "This port speaks TLS, and a plain HTTP request came in. Use https:// in place of http.\n";

std::shared_ptr<connection_info> info_of(const net::endpoint& remote) {
  auto info = std::make_shared<connection_info>();
  info->remote_address = remote.address();
  info->remote_port = remote.port();
  return info;
}

// What was agreed on in this handshake, also if it took up an earlier session (RFC 7301 section 3.1).
bool speaks_h2(const SSL* ssl) {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &chosen, &size);
  return std::string_view(reinterpret_cast<const char*>(chosen), size) == "h2";
}

}  // namespace

// A guest stands at the door until it has shown who it is, or is refused, or its place is another's.
class server_worker::at_the_door {
 public:
  at_the_door(server_worker& at, guest& self) : at_(at), self_(self) {
    self.at_the_door = at.at_the_door_.insert(at.at_the_door_.begin(), &self);
  }
  ~at_the_door() {
    at_.leave_the_door(self_);
    if (self_.on_the_way_out) at_.on_the_way_out_.erase(*self_.on_the_way_out);
  }
  at_the_door(const at_the_door&) = delete;
  at_the_door& operator=(const at_the_door&) = delete;

 private:
  server_worker& at_;
  guest& self_;
};

void server_worker::leave_the_door(guest& self) {
  if (const auto place = std::exchange(self.at_the_door, std::nullopt)) at_the_door_.erase(*place);
}

// Refused, and told why. Whoever does not take that and go holds its place only while nobody else needs it.
void server_worker::show_out(guest& self) {
  leave_the_door(self);
  self.on_the_way_out = on_the_way_out_.insert(on_the_way_out_.begin(), &self);
}

// Ends the connection that was refused first and lingers still; false if there is none.
bool server_worker::cut_a_leaver() {
  if (on_the_way_out_.empty()) return false;
  guest& first = *on_the_way_out_.back();
  on_the_way_out_.pop_back();
  first.on_the_way_out.reset();
  dismiss(first);
  return true;
}

// Ends the oldest connection that has not shown who it is; false if there is none. Whoever is honest is in within a few
// turns of the network, so that a crowd which says nothing, or never ends what it says, makes room for whoever comes
// after it; those who are refused already go before any of them. While the server is not full it has that time: of many
// who come at once, none pushes another out.
bool server_worker::make_room(bool full) {
  constexpr auto a_few_turns = std::chrono::milliseconds(200);
  if (full && cut_a_leaver()) return true;
  if (at_the_door_.empty()) return false;
  guest& oldest = *at_the_door_.back();
  if (!full && net::loop::clock::now() - oldest.came < a_few_turns) return false;
  leave_the_door(oldest);
  oldest.gave_way = true;
  refuse(oldest, reason::handshake_timeout,
         "as many handshakes as are allowed were under way, and this was the oldest");
  dismiss(oldest);
  return true;
}

// True if the client may be served; self.info says who it is.
task<bool> server_worker::admit(guest& self) {
  if (!owner_.options_.tls.enabled) {
    self.info = info_of(self.remote);
    co_return true;
  }
  const at_the_door here(*this, self);
  const bool shaken = co_await shake_hands(self);
  // Nobody is asked any more. Its trust must not last as long as the connection does.
  self.facts.by = nullptr;
  self.context.reset();
  if (!self.standing.who) self.judge.reset();
  co_return shaken && !self.gave_way;
}

task<bool> server_worker::shake_hands(guest& self) {
  self.stream.socket().set_deadline(owner_.options_.timeouts.handshake);
  const auto first = co_await first_byte(self);
  if (!first) co_return false;
  if (looks_like_http(*first)) {
    owner_.count(tally::failed_handshakes);
    co_await answer_plain_http(self);
    co_return false;
  }

  self.context = owner_.context();
  self.lasting = self.context->lasting();
  self.judge = self.context;
  auto ssl = self.context->accept(self.facts, number_);
  if (!ssl) {
    owner_.options_.log.error("a connection was dropped: there is no memory for its TLS state");
    co_return false;
  }
  self.stream.start_tls(std::move(ssl));
  const auto status = co_await self.stream.handshake();
  if (self.facts.revoked.who) {
    tell_revoked(std::exchange(self.facts.revoked, {}), *self.context, self.facts.revoked_since);
  }
  if (status != tls::io_status::ok) {
    owner_.count(tally::failed_handshakes);
    co_await handshake_failed(self, status);
    co_return false;
  }
  SSL* const native = self.stream.native();
  auto known = self.context->who_is_at(native, self.facts);
  if (!known) {
    owner_.count(tally::failed_handshakes);
    owner_.options_.log.error(fmt::format("{}: {}", self.remote.to_string(), known.error().message()));
    co_return false;
  }
  auto info = info_of(self.remote);  // whoever is not let in needs none
  info->secure = true;
  info->resumed = SSL_session_reused(native) != 0;
  owner_.count(info->resumed ? tally::resumptions : tally::full_handshakes);
  info->tls_version = SSL_get_version(native);
  info->cipher = SSL_get_cipher_name(native);
  info->server_name = self.facts.server_name;
  self.speaks_h2 = speaks_h2(native);
  self.standing = *std::move(known);
  info->who = self.standing.who;
  self.facts.judged.reset();
  auto asking = ask_about(self, info);
  const bool nothing_against = co_await std::move(asking);
  if (!nothing_against) co_return false;
  self.info = std::move(info);
  co_return true;
}

// The first byte that the client sends, left unread; nothing if none comes.
task<std::optional<char>> server_worker::first_byte(guest& self) {
  for (;;) {
    char first = 0;
    const auto looked = self.stream.try_look(first);
    if (looked.status == tls::io_status::ok) co_return first;
    if (self.gave_way) {
      owner_.count(tally::failed_handshakes);
      co_return std::nullopt;
    }
    if (looked.status != tls::io_status::would_block) {
      owner_.refused_[static_cast<std::size_t>(reason::probe)].fetch_add(1, std::memory_order_relaxed);
      co_return std::nullopt;
    }
    const auto woken = co_await self.stream.socket().readable();
    if (woken == net::wait_status::timed_out) {
      owner_.count(tally::failed_handshakes);
      refuse(self, reason::handshake_timeout, "the client connected and said nothing");
      co_return std::nullopt;
    }
    if (woken == net::wait_status::cancelled) {
      if (self.gave_way) owner_.count(tally::failed_handshakes);
      co_return std::nullopt;
    }
  }
}

void server_worker::refuse(const guest& self, reason code, std::string_view detail) {
  owner_.refused_[static_cast<std::size_t>(code)].fetch_add(1, std::memory_order_relaxed);
  const auto& judged = self.facts.judged;
  owner_.options_.log.warn(tls::refusal_line(self.remote.to_string(), code, detail, judged.get()));
}

// OpenSSL has written its alert by now. What is left is to say why, here, and to let the client read it, there.
task<> server_worker::handshake_failed(guest& self, tls::io_status status) {
  if (self.gave_way) co_return;
  const auto& judged = self.facts.judged;
  if (judged && judged->refused) {
    refuse(self, *judged->refused, judged->detail);
  } else {
    const auto failure = tls::explain_failure(status, self.stream.failure_code());
    if (failure.refused) {
      refuse(self, *failure.refused, failure.detail);
    } else {
      owner_.options_.log.info(fmt::format("{}: {}", self.remote.to_string(), failure.detail));
    }
  }
  show_out(self);
  if (status == tls::io_status::failed) co_await self.stream.linger(owner_.options_.timeouts.linger);
}

task<> server_worker::answer_plain_http(guest& self) {
  refuse(self, reason::not_tls, "a plain HTTP request came in on a TLS port; the client was told to use https://");
  show_out(self);
  const auto written = co_await self.stream.write(use_https);
  if (written == tls::io_status::ok) co_await self.stream.linger(owner_.options_.timeouts.linger);
}

}  // namespace mutual::http
