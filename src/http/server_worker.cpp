#include "http/server_worker.hpp"

#include "base/clock.hpp"
#include "base/last_descriptors.hpp"
#include "http/date.hpp"
#include "http/server.hpp"
#include "http/server_guest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <sys/socket.h>
#include <utility>

namespace mutual::http {
namespace {

// What HTTP has seen of it is that the connection was over.
void note_flood(const tls::stream& ended, const net::endpoint& remote, const logger& log) {
  if (ended.flooded()) {
    log.warn(fmt::format("{}: the connection was closed: {}", remote.to_string(), ended.failure_text()));
  }
}

}  // namespace

server_worker::server_worker(server& owner, std::size_t number, std::vector<descriptor> listening)
    : owner_(owner),
      number_(number),
      drain_limit_(
          loop_, [](void* self) { static_cast<server_worker*>(self)->cut_all(); }, this) {
  for (auto& handle : listening) listening_.emplace_back(loop_, std::move(handle)).stand_behind(true);
}

server_worker::~server_worker() = default;

// A guest stands on the worker's list while it is served, however that ends.
class server_worker::enrolled {
 public:
  enrolled(server_worker& at, guest& self) : at_(at), place_(at.guests_.insert(at.next_to_judge_, &self)) {
    at_.open_.fetch_add(1, std::memory_order_relaxed);
  }
  ~enrolled() {
    if (at_.next_to_judge_ == place_) ++at_.next_to_judge_;
    at_.guests_.erase(place_);
    at_.open_.fetch_sub(1, std::memory_order_relaxed);
  }
  enrolled(const enrolled&) = delete;
  enrolled& operator=(const enrolled&) = delete;

 private:
  server_worker& at_;
  std::list<guest*>::iterator place_;
};

void server_worker::start() {
  for (auto& socket : listening_) {
    ++listeners_running_;
    loop_.spawn(listen_on(socket));
  }
  thread_ = std::thread([this] {
    const auto lent = owner_.options_.on_thread ? owner_.options_.on_thread(loop_) : nullptr;
    if (owner_.options_.tls.enabled) look_after_standings();
    loop_.run();
    owner_.worker_ended();
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
      if (one->multiplexed != nullptr) {
        one->multiplexed->drain();
      } else if (one->conversation == nullptr || one->conversation->idle() || one->conversation->endless()) {
        one->stream.socket().cancel();
        stop_waiting(*one);
      } else {
        one->conversation->nudge_tunnel();
      }
    }
  }
  leave();
}

void server_worker::refuse_newcomers() {
  const std::scoped_lock lock(closing_);
  for (const auto& socket : listening_) (void)::shutdown(socket.fd(), SHUT_RDWR);
}

void server_worker::cut_all() {
  // For those who wait for their client, whose waits end now, to come to their ends by themselves.
  constexpr auto a_moment = std::chrono::milliseconds(100);
  cutting_ = true;
  for (guest* one : guests_) dismiss(*one);
  if (!guests_.empty()) loop_.after(a_moment, [this] { give_up_the_rest(); });
}

// Who is left waits for something of a handler's, which no socket ends.
void server_worker::give_up_the_rest() {
  const auto waits = [](const guest& one) { return one.talk != nullptr; };
  std::size_t count = 0;
  for (const guest* one : guests_) {
    if (waits(*one)) count += one->multiplexed == nullptr ? 1 : one->multiplexed->under_way();
  }
  if (count == 0) return;
  owner_.options_.log.warn(fmt::format("{} given up: what answers {} was not done when the time for stopping was over",
                                       count == 1 ? "1 request was" : fmt::format("{} requests were", count),
                                       count == 1 ? "it" : "them"));
  give_up_those(waits);
}

// Each takes itself off the list.
void server_worker::give_up_those(bool (*which)(const guest&)) {
  for (;;) {
    const auto at = std::find_if(guests_.begin(), guests_.end(), [&](const guest* one) { return which(*one); });
    if (at == guests_.end()) return;
    std::exchange((*at)->talk, nullptr)->give_up();
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
  {
    const std::scoped_lock lock(closing_);
    listening.close();
  }
  --listeners_running_;
  leave();
}

void server_worker::accepted(descriptor handle, const net::endpoint& remote) {
  // What handlers have open counts too: files that are sent to slow clients, connections to databases.
  constexpr std::size_t kept_for_reloads = 32;
  const bool last_descriptors = is_among_the_last(handle.get(), kept_for_reloads);
  const bool crowded = owner_.open_connections() >= owner_.options_.most_connections;
  if (last_descriptors || (crowded && !make_room(true))) {
    if (!full_) {
      owner_.options_.log.warn(
          last_descriptors
              ? std::string("nearly all descriptors that this process may open are in use: further connections are "
                            "closed as they come (raise the limit: ulimit -n)")
              : fmt::format("{} connections are open, as many as are allowed: further ones are closed as they come",
                            owner_.options_.most_connections));
    }
    full_ = true;
    owner_.count(tally::turned_away);
    return;
  }
  full_ = false;
  if (at_the_door_.size() >= owner_.most_at_a_door()) (void)make_room(false);
  owner_.count(tally::connections);
  loop_.spawn(attend(std::move(handle), remote));
}

task<> server_worker::attend(descriptor handle, net::endpoint remote) {
  try {
    guest self(loop_, std::move(handle), std::move(remote));
    const enrolled among(*this, self);
    self.stream.socket().stand_behind(true);
    if (cutting_) self.stream.socket().cancel();
    co_await serve(self);
  } catch (const std::exception& thrown) {
    owner_.options_.log.error(fmt::format("a connection ended with an error: {}", thrown.what()));
  }
  leave();
}

task<> server_worker::serve(guest& self) {
  const bool welcome = co_await admit(self);
  if (!welcome) co_return;
  self.stream.socket().stand_behind(false);
  connection_guide guide;
  guide.stopping = [this] { return draining_; };
  guide.still_welcome = [this, &self] { return still_welcome(self); };
  guide.sent_away = [&self] { return self.dismissed || self.stream.socket().cancelled(); };
  guide.date = [this] { return dates_.at(now()); };
  guide.busy = &busy_;
  if (self.speaks_h2) {
    h2_connection conversation(self.stream, owner_.options_, self.info, guide);
    abandonable talk(conversation.run());
    self.multiplexed = &conversation;
    self.talk = &talk;
    co_await talk;
    self.talk = nullptr;
    self.multiplexed = nullptr;
    note_flood(self.stream, self.remote, owner_.options_.log);
    co_return;
  }
  connection conversation(self.stream, owner_.options_, self.info, guide);
  abandonable talk(conversation.run());
  self.conversation = &conversation;
  self.talk = &talk;
  co_await talk;
  self.talk = nullptr;
  self.conversation = nullptr;
  note_flood(self.stream, self.remote, owner_.options_.log);
}

}  // namespace mutual::http
