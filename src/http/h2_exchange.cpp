#include "http/h2_exchange.hpp"

#include "http/answering.hpp"
#include "http/h2_response.hpp"
#include "http/own_answer.hpp"

#include <mutual/body.hpp>

#include <fmt/format.h>

#include <chrono>
#include <coroutine>
#include <exception>
#include <string>
#include <utility>

namespace mutual::http {
namespace {

// What is done in a row of what has come together, before others on the thread have their turn.
constexpr unsigned most_in_a_row = 32;

}  // namespace

h2_exchange::h2_exchange(h2_session& over, h2_stream& on, const server_options& with, const connection_guide& by,
                         std::function<void()> advance)
    : session_(over), stream_(on), options_(with), guide_(by), advance_(std::move(advance)) {
  stream_.worked_on_by = this;
}

// What it works on may be what holds up its end: that goes first.
h2_exchange::~h2_exchange() {
  if (lent_) *lent_ = nullptr;
  work_.reset();
  stream_.worked_on_by = nullptr;
  session_.release(stream_);
}

void h2_exchange::start() {
  work_.emplace(run());
  // Nobody waits for it: its end is seen by done().
  (void)work_->await_suspend(std::noop_coroutine());
}

void h2_exchange::tell(h2_event::kind what) {
  if (what == h2_event::kind::closed) closed_ = true;
  if (what == h2_event::kind::turn) has_turn_ = true;
  in_a_row_ = 0;
  // Nobody reads any more what the source gives: it goes where it waits, with all that it holds.
  if (closed_ && asking_ != nullptr) std::exchange(asking_, nullptr)->give_up();
  news_.ring();
}

void h2_exchange::end_if_endless() {
  if (!endless_ || done_) return;
  session_.break_off(stream_);
  asking_ = nullptr;
  work_.reset();
  done_ = true;
}

bool h2_exchange::works_on_answer() const {
  if (done_ || !stream_.open || endless_) return false;
  const bool waits_for_client = stream_.asked.is_tunnel() ? listening_since_.has_value() : stream_.hungry;
  return !waits_for_client && (!stream_.answered || stream_.starving);
}

task<> h2_exchange::run() {
  request& asked = stream_.asked.message();
  // Before the handler runs, which may move the request away or change it.
  const bool to_head = asked.method == "HEAD";
  request_teller teller(options_, asked, stream_.sent);
  if (teller.line && stream_.asked.is_tunnel()) teller.line->method = "CONNECT";  // as it came
  response made;
  if (const auto& failure = stream_.asked.failure()) {
    made = own_answer(failure->status, failure->detail);
  } else {
    asked.body_unread = stream_.unread;
    if (stream_.in_pieces && !stream_.asked.is_tunnel()) lend_body(asked);
    auto at_once = answer_at_once(options_, asked, teller.notes);
    if (at_once) {
      made = *std::move(at_once);
    } else {
      auto answering = answer_of(options_, asked, teller.notes);
      made = co_await answering;
    }
  }
  teller.status = made.status;
  auto sending = send(made, to_head);
  co_await sending;
  if (lent_) *lent_ = nullptr;
  teller.status = made.status;
  teller.notes.incomplete = !stream_.complete;
  teller.tell();
  done_ = true;
  advance_();
}

task<> h2_exchange::send(response& made, bool to_head) {
  const bool wants_tunnel = stream_.asked.is_tunnel();
  const bool accepts = made.takeover && (made.status == 101 || made.status == 200);
  if (wants_tunnel && accepts && !stream_.unread) {
    auto talk = hand_over(made);
    co_await talk;
    while (!closed_ && !stream_.complete) co_await news_.wait();
    co_return;
  }
  if (accepts && !wants_tunnel) {
    options_.log.error("a handler wants to take a connection over that HTTP/2 shares among requests");
    made = own_answer(500, "the server could not answer this request");
  } else if (wants_tunnel && made.status < 300) {
    // That would say that the tunnel is there (RFC 9110 section 9.3.6).
    made = own_answer(400, "no WebSocket is spoken at this path");
  }
  auto head = make_h2_head(made, to_head, guide_.date());
  if (!head) {
    options_.log.error(fmt::format("an answer could not be sent: {}", head.error().message()));
    made = own_answer(500, "the server could not answer this request");
    head = make_h2_head(made, to_head, guide_.date());
    if (!head) session_.break_off(stream_);
  }
  // As HTTP/1.1 has it: the handler wants this connection to end.
  if (made.headers.has_token("Connection", "close")) session_.begin_shutdown(std::chrono::steady_clock::now());
  if (head && head->body && made.source) {
    session_.respond_in_pieces(stream_, *head);
    endless_ = made.endless;
    advance_();
    auto pieces = send_pieces(made);
    co_await pieces;
  } else if (head) {
    session_.respond(stream_, *head, std::move(made.body));
  }
  advance_();
  while (!closed_ && !stream_.complete) co_await news_.wait();
}

// The handler may keep the source, or hand it on to the answer; once that has been sent, it leads nowhere.
void h2_exchange::lend_body(request& asked) {
  lent_ = std::make_shared<h2_exchange*>(this);
  asked.source = [self = lent_]() -> task<std::optional<std::string>> {
    if (*self == nullptr) throw body_error(400, "the request is over, and its body with it");
    return (*self)->next_piece();
  };
}

task<std::optional<std::string>> h2_exchange::next_piece() {
  for (;;) {
    if (const auto& failure = stream_.asked.failure()) throw body_error(failure->status, failure->detail);
    auto piece = session_.take_piece(stream_, std::chrono::steady_clock::now());
    if (!piece.empty()) {
      advance_();
      co_return piece;
    }
    if (stream_.whole) co_return std::nullopt;
    if (!stream_.open) throw body_error(400, "the client has taken its request back, or is gone");
    session_.ask_for_piece(stream_, std::chrono::steady_clock::now());
    advance_();
    co_await news_.wait();
  }
}

// The next piece is asked for when the client has room for it and the last has been sent: a slow reader slows the
// source.
task<> h2_exchange::send_pieces(response& made) {
  std::size_t given = 0;
  try {
    for (;;) {
      while (!stream_.starving && !closed_) co_await news_.wait();
      if (closed_) co_return;
      std::optional<std::string> piece;
      for (;;) {
        abandonable_for<std::optional<std::string>> asking(made.source());
        // What has an end comes to it. To give it up could be to keep all of this thread waiting for work of a worker
        // that has begun, a disk's for one.
        if (made.endless) asking_ = &asking;
        auto came = co_await asking;
        asking_ = nullptr;
        if (!came) co_return;
        piece = *std::move(came);
        if (!piece || !piece->empty()) break;
        auto others = pause();
        const bool goes_on = co_await others;
        if (!goes_on || closed_) co_return;
      }
      given += piece ? piece->size() : 0;
      if (made.length && (given > *made.length || (!piece && given != *made.length))) {
        options_.log.error(fmt::format("an answer promised {} bytes and gave {}", *made.length, given));
        break;
      }
      if (!piece) {
        session_.end_body(stream_);
        co_return;
      }
      session_.give_piece(stream_, *std::move(piece));
      advance_();
    }
  } catch (const std::exception& thrown) {
    options_.log.error(fmt::format("the body of an answer broke off: {}", thrown.what()));
  } catch (...) {
    options_.log.error("the body of an answer broke off");
  }
  asking_ = nullptr;
  session_.break_off(stream_);
}

// One thing more has been done in a row: when that is enough, others go first. Its next turn comes with the
// connection's events, so that all streams of one together have no more of the thread than another connection has.
task<bool> h2_exchange::pause() {
  const auto now = std::chrono::steady_clock::now();
  if (in_a_row_++ == 0) row_began_ = now;
  if (in_a_row_ < most_in_a_row && now - row_began_ < options_.turn) co_return goes_on();
  in_a_row_ = 0;
  has_turn_ = false;
  session_.ask_for_turn(stream_);
  advance_();
  while (!has_turn_) co_await news_.wait();
  co_return goes_on();
}

// Whether what has come is dealt with still: not what a client sent that we have sent away. Who went by itself has what
// it sent before that dealt with, unless we are stopping.
bool h2_exchange::goes_on() const { return !guide_.sent_away() && (stream_.open || !guide_.stopping()); }

}  // namespace mutual::http
