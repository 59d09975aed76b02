// How those who are connected are judged again, by what holds by now.

#include "base/clock.hpp"
#include "http/server.hpp"
#include "http/server_guest.hpp"
#include "http/server_worker.hpp"
#include "tls/refusal.hpp"

#include <fmt/format.h>

#include <chrono>
#include <sys/socket.h>
#include <utility>

namespace mutual::http {

void server_worker::judge_all_again() {
  loop_.post([this] { begin_judging(); });
}

// Whoever was let in before this is judged after it; those who come meanwhile come under what holds now, and who is
// shaking hands under what held before is judged at its first request, or in the next round. A round that is under way
// goes on where it is, and round once more, so that news upon news does not keep it from whoever is last.
void server_worker::begin_judging() {
  left_to_judge_ = guests_.size();
  if (!std::exchange(judging_, true)) judge_some_again();
}

// A few at a time: those who have requests under way meanwhile must not wait for all the others' verdicts.
void server_worker::judge_some_again() {
  constexpr auto at_a_time = std::chrono::microseconds(500);
  const auto enough = net::loop::clock::now() + at_a_time;
  for (; left_to_judge_ > 0 && !guests_.empty(); --left_to_judge_) {
    if (net::loop::clock::now() >= enough) {
      loop_.post([this] { judge_some_again(); });
      return;
    }
    if (next_to_judge_ == guests_.end()) next_to_judge_ = guests_.begin();
    guest& one = **next_to_judge_++;
    if (one.info && !is_of_today(one) && !still_welcome(one)) dismiss(one);
  }
  judging_ = false;
}

// What nobody has changed may change by itself: a certificate ends, a revocation list grows stale, another begins.
void server_worker::look_after_standings() {
  loop_.after(std::chrono::seconds(1), [this] {
    busy_.look_after();
    if (!judging_) begin_judging();
    if (number_ == 0) refresh_answers();
    look_after_standings();
  });
}

void server_worker::dismiss(guest& self) {
  (void)::shutdown(self.stream.socket().fd(), SHUT_RDWR);
  self.stream.socket().cancel();
  stop_waiting(self);
}

bool server_worker::is_of_today(const guest& self) const {
  if (!self.standing.who || self.dismissed) return true;
  return owner_.generation_.load(std::memory_order_acquire) == self.judge->generation() &&
         self.judge->still_holds(self.standing) && tls::ocsp_book::are_good(self.answers, now());
}

bool server_worker::still_welcome(guest& self) {
  if (!self.standing.who) return true;
  if (self.dismissed) return false;
  const auto generation = owner_.generation_.load(std::memory_order_acquire);
  if (generation != self.judge->generation()) self.judge = owner_.context();
  if (!self.judge->still_holds(self.standing)) {
    auto judged = self.judge->judge_again(self.standing);
    if (!judged) {
      dismiss_for(self, judged);
      return false;
    }
    self.standing = std::move(judged.holds);
  }
  if (tls::ocsp_book::are_good(self.answers, now())) return true;
  auto wrong = owner_.options_.ocsp->objection(self.answers, now());
  if (!wrong) return true;
  dismiss_for(self, tls::refusal_of(*self.standing.who, std::move(*wrong)),
              owner_.options_.ocsp->revoked_since(self.answers));
  return false;
}

// Tells and counts it; the connection is closed by whoever has asked.
void server_worker::dismiss_for(guest& self, const tls::verdict& why, std::optional<sys_seconds> answered) {
  self.dismissed = true;
  owner_.count(tally::dismissed);
  const auto code = why.refused.value_or(reason::malformed);
  owner_.refused_[static_cast<std::size_t>(code)].fetch_add(1, std::memory_order_relaxed);
  owner_.options_.log.warn(tls::refusal_line(self.remote.to_string(), code, why.detail, &why) +
                           " (the connection was open, and is closed)");
  if (code == reason::revoked) tell_revoked(self.standing, *self.judge, answered);
  self.judge.reset();
}

void server_worker::tell_revoked(const tls::standing& earlier, const tls::server_context& found_by,
                                 std::optional<sys_seconds> answered) const {
  const revocation_found how{found_by.generation(), answered};
  if (owner_.options_.on_revoked) owner_.options_.on_revoked(earlier, how);
}

}  // namespace mutual::http
