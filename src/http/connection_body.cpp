// How a connection's bodies come in: whole before the handler, or piece by piece as it asks for them.

#include "http/connection.hpp"
#include "http/response_writer.hpp"

#include <mutual/body.hpp>

#include <utility>

namespace mutual::http {

// The head is there and the body is not: the moment to refuse it before it costs anything, or to ask for it.
task<bool> connection::welcome_body() {
  if (options_.check_head) body_terms_ = options_.check_head(parser_.message());
  // Whatever the body, the answer is known: give it now, and close rather than read what nobody wants.
  if (!body_terms_.wanted) co_return false;
  if (!parser_.limit_body(body_terms_.limit.value_or(options_.limits.body_bytes))) {
    refused(parser_.failure().status, parser_.failure().detail);
    co_return false;
  }
  coming_ = {};
  body_continues_ = parser_.expects_continue();
  if (body_terms_.streamed) {
    body_ = body_state::coming;
    co_return true;
  }
  in_body_ = true;
  (void)allow_for_body();
  const bool asked_for = co_await ask_for_body();
  (void)allow_for_body();
  co_return asked_for;
}

// Says 100 (Continue) to a client that waits for it, unless the body is on its way already.
task<bool> connection::ask_for_body() {
  if (!std::exchange(body_continues_, false) || !pending_.empty()) co_return true;
  write_continue(out_);
  const bool sent = co_await write_out();
  co_return sent;
}

// A body has its time, and more as it grows: whoever sends at a fair rate may send for long, a trickle may not. What
// the handler takes between two pieces does not count. False if the time is over: a deadline of now would be put off to
// the clock's next tick with each byte that comes before it.
bool connection::allow_for_body() {
  const auto came = coming_.taken + parser_.message().body.size();
  const auto earned = std::chrono::milliseconds(came * 1000 / options_.timeouts.least_body_rate);
  const auto gone = std::chrono::duration_cast<std::chrono::milliseconds>(coming_.waited);
  const auto left = options_.timeouts.body + earned - gone;
  if (left <= std::chrono::milliseconds(0)) return false;
  stream_.socket().set_deadline(left);
  return true;
}

// The next piece of a body that its handler reads, never more than one read of the connection brought.
task<std::optional<std::string>> connection::next_piece() {
  struct reading {
    explicit reading(bool& of) : now(of) { now = true; }
    ~reading() { now = false; }
    bool& now;
  };
  const reading it(reads_body_);
  if (body_ == body_state::ended) co_return std::nullopt;
  if (body_ == body_state::broken) throw body_error(400, "the rest of the request's body cannot be read");
  const bool asked_for = co_await ask_for_body();
  if (!asked_for) break_body(400, "the client has gone");
  for (;;) {
    const auto step = parser_.feed(std::string_view(pending_).substr(taken_));
    if (step.state == parse_state::failed) break_body(parser_.failure().status, parser_.failure().detail);
    take(step.consumed);
    if (step.state == parse_state::done) body_ = body_state::ended;
    std::string piece = std::exchange(parser_.message().body, {});
    coming_.taken += piece.size();
    if (!piece.empty()) co_return piece;
    if (body_ == body_state::ended) co_return std::nullopt;
    if (!allow_for_body()) break_body(408, "the request's body did not arrive in time");
    const bool more = co_await fill();
    stream_.socket().clear_deadline();
    if (!more) {
      break_body(timed_out_ ? 408 : 400, timed_out_ ? "the request's body did not arrive in time"
                                                    : "the connection ended within the request's body");
    }
  }
}

void connection::break_body(int status, const std::string& detail) {
  body_ = body_state::broken;
  throw body_error(status, detail);
}

// The handler may keep the source, or hand it on to the answer; once that has been sent, it leads nowhere.
connection::body_lease::body_lease(connection& self, request& asked) {
  if (self.body_ != body_state::coming) return;
  self_ = std::make_shared<connection*>(&self);
  asked.source = [self = self_]() -> task<std::optional<std::string>> {
    if (*self == nullptr) throw body_error(400, "the request is over, and its body with it");
    return (*self)->next_piece();
  };
}

connection::body_lease::~body_lease() {
  if (self_) *self_ = nullptr;
}

}  // namespace mutual::http
