// How an exchange over HTTP/2 hands its stream to a handler that speaks something else through it (RFC 8441).

#include "http/h2_exchange.hpp"
#include "http/h2_response.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace mutual::http {
namespace {

using clock = std::chrono::steady_clock;

// How long a read waits before whoever asked may look after other things.
constexpr auto a_while = std::chrono::seconds(10);

}  // namespace

task<> h2_exchange::hand_over(response& made) {
  made.status = 200;
  auto head = make_h2_head(made, false, guide_.date());
  if (!head) {
    options_.log.error(fmt::format("an answer could not be sent: {}", head.error().message()));
    session_.break_off(stream_);
    advance_();
    co_return;
  }
  head->fields.remove("content-length");  // RFC 9110 section 8.6
  session_.respond_in_pieces(stream_, *head);
  advance_();
  tunnel under;
  under.read = [this] { return read_tunnel(); };
  under.write = [this](std::string bytes) { return write_tunnel(std::move(bytes)); };
  under.pause = [this] { return pause(); };
  under.nudge = [this] { nudge(); };
  under.stopping = guide_.stopping;
  try {
    task<> talk = made.takeover(under);
    co_await talk;
  } catch (const std::exception& thrown) {
    options_.log.error(fmt::format("what had taken a stream over ended with an error: {}", thrown.what()));
  } catch (...) {
    options_.log.error("what had taken a stream over ended with an error");
  }
  listening_since_.reset();
  session_.end_body(stream_);
  advance_();
}

task<tunnel::arrival> h2_exchange::read_tunnel() {
  tunnel::arrival came;
  listening_since_ = clock::now();
  for (;;) {
    if (guide_.sent_away()) {
      came.what = tunnel::news::ended;
      break;
    }
    came.bytes = session_.take_piece(stream_, clock::now());
    if (!came.bytes.empty()) {
      came.what = tunnel::news::bytes;
      break;
    }
    if (std::exchange(nudged_, false)) break;
    if (stream_.whole || !stream_.open || stream_.asked.failure()) {
      came.what = tunnel::news::ended;
      break;
    }
    session_.ask_for_piece(stream_, clock::now());
    co_await news_.wait();
  }
  listening_since_.reset();
  advance_();
  co_return came;
}

// The next piece is taken when the client has room for it and the last has been sent, as with a body in pieces.
task<bool> h2_exchange::write_tunnel(std::string bytes) {
  while (!stream_.starving && !closed_) co_await news_.wait();
  if (!closed_ && !bytes.empty()) {
    session_.give_piece(stream_, std::move(bytes));
    advance_();
    while (!stream_.starving && !closed_) co_await news_.wait();
  }
  co_return !closed_;
}

void h2_exchange::nudge() {
  nudged_ = true;
  if (listening_since_) news_.ring();
}

void h2_exchange::look_at_clock(clock::time_point now) {
  if (listening_since_ && now - *listening_since_ >= a_while) nudge();
}

}  // namespace mutual::http
