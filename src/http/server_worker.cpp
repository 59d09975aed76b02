#include "http/server_worker.hpp"

#include "base/clock.hpp"
#include "http/date.hpp"
#include "http/server.hpp"
#include "http/server_guest.hpp"
#include "tls/refusal.hpp"

#include <fmt/format.h>

#include <exception>
#include <sys/socket.h>
#include <utility>

namespace mutual::http {

server_worker::server_worker(server& owner, std::vector<descriptor> listening)
    : owner_(owner),
      drain_limit_(
          loop_, [](void* self) { static_cast<server_worker*>(self)->cut_all(); }, this) {
  for (auto& handle : listening) listening_.emplace_back(loop_, std::move(handle));
}

server_worker::~server_worker() = default;

void server_worker::start() {
  for (auto& socket : listening_) {
    ++listeners_running_;
    loop_.spawn(listen_on(socket));
  }
  thread_ = std::thread([this] {
    const auto lent = owner_.options_.on_thread ? owner_.options_.on_thread(loop_) : nullptr;
    loop_.run();
  });
}

void server_worker::join() {
  if (thread_.joinable()) thread_.join();
}

void server_worker::drain() {
  loop_.post([this] { begin_drain(); });
}

void server_worker::cut() {
  loop_.post([this] {
    begin_drain();
    cut_all();
  });
}

void server_worker::begin_drain() {
  if (!draining_) {
    draining_ = true;
    drain_limit_.set(owner_.options_.timeouts.shutdown);
    for (auto& socket : listening_) socket.cancel();
    for (guest* one : guests_) {
      if (one->conversation == nullptr || one->conversation->idle()) one->stream.socket().cancel();
    }
  }
  leave();
}

void server_worker::cut_all() {
  cutting_ = true;
  for (guest* one : guests_) {
    (void)::shutdown(one->stream.socket().fd(), SHUT_RDWR);
    one->stream.socket().cancel();
  }
}

// The loop ends when it drains and nobody is left.
void server_worker::leave() {
  if (draining_ && guests_.empty() && listeners_running_ == 0) {
    drain_limit_.clear();
    loop_.stop();
  }
}

task<> server_worker::listen_on(net::socket& listening) {
  auto hand_over = [this](descriptor handle, const net::endpoint& remote) { accepted(std::move(handle), remote); };
  co_await net::accept_all(listening, std::move(hand_over), owner_.options_.log);
  listening.close();
  --listeners_running_;
  leave();
}

void server_worker::accepted(descriptor handle, const net::endpoint& remote) {
  if (owner_.open_connections() >= owner_.options_.most_connections) {
    if (!full_) {
      owner_.options_.log.warn(
          fmt::format("{} connections are open, as many as are allowed: further ones are closed as they come",
                      owner_.options_.most_connections));
    }
    full_ = true;
    return;
  }
  full_ = false;
  loop_.spawn(attend(std::move(handle), remote));
}

task<> server_worker::attend(descriptor handle, net::endpoint remote) {
  {
    guest self(loop_, std::move(handle), std::move(remote));
    const auto place = guests_.insert(guests_.begin(), &self);
    open_.fetch_add(1, std::memory_order_relaxed);
    if (cutting_) self.stream.socket().cancel();
    try {
      co_await serve(self);
    } catch (const std::exception& thrown) {
      owner_.options_.log.error(fmt::format("a connection ended with an error: {}", thrown.what()));
    }
    guests_.erase(place);
    open_.fetch_sub(1, std::memory_order_relaxed);
  }
  leave();
}

task<> server_worker::serve(guest& self) {
  const bool welcome = co_await admit(self);
  if (!welcome) co_return;
  connection_guide guide;
  guide.stopping = [this] { return draining_; };
  guide.still_welcome = [this, &self] { return still_welcome(self); };
  guide.date = [this] { return dates_.at(now()); };
  connection conversation(self.stream, owner_.options_, self.info, guide);
  self.conversation = &conversation;
  co_await conversation.run();
  self.conversation = nullptr;
}

void server_worker::judge_all_again() {
  loop_.post([this] {
    for (guest* one : guests_) {
      if (!one->info || still_welcome(*one)) continue;
      (void)::shutdown(one->stream.socket().fd(), SHUT_RDWR);
      one->stream.socket().cancel();
    }
  });
}

bool server_worker::still_welcome(guest& self) {
  if (!self.standing.who) return true;
  const auto generation = owner_.generation_.load(std::memory_order_acquire);
  if (generation != self.judge->generation()) self.judge = owner_.context();
  if (self.judge->still_holds(self.standing)) return true;
  auto judged = self.judge->judge_again(self.standing);
  if (judged) {
    self.standing = std::move(judged.holds);
    return true;
  }
  const auto why = judged.refused.value_or(reason::malformed);
  owner_.refused_[static_cast<std::size_t>(why)].fetch_add(1, std::memory_order_relaxed);
  owner_.options_.log.warn(tls::refusal_line(self.remote.to_string(), why, judged.detail, &judged) +
                           " (the connection was open, and is closed)");
  return false;
}

}  // namespace mutual::http
