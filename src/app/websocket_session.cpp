#include "app/websocket_session.hpp"

#include "app/workers.hpp"

#include <utility>

namespace mutual::detail {

using http::websocket_opcode;
using outcome = http::websocket_reader::outcome;
namespace code = http::websocket_code;

websocket_session::websocket_session(tunnel& under, const websocket_options& options)
    : tunnel_(under), options_(options), reader_(options.message_bytes), outbox_(std::make_shared<websocket_outbox>()) {
  // Whoever posts may be on another thread, and may do so after the session has gone: what is posted to this thread
  // looks whether it is still there.
  auto still_there = std::make_shared<tunnel*>(&tunnel_);
  outbox_->most_bytes = options.waiting_bytes;
  outbox_->wake = [post = home_of_this_thread("a WebSocket").post, there = std::weak_ptr<tunnel*>(still_there)] {
    post([there] {
      if (const auto open = there.lock()) (*open)->nudge();
    });
  };
  still_there_ = std::move(still_there);
}

websocket_session::~websocket_session() { shut(); }

// Nothing is taken from others any more.
void websocket_session::shut() {
  closed_ = true;
  const std::scoped_lock lock(outbox_->guard);
  outbox_->wake = nullptr;
  outbox_->waiting.clear();
}

task<std::optional<websocket_message>> websocket_session::receive() {
  // One read may have brought thousands of messages, each of which is dealt with before the next is asked for.
  if (!closed_ && taken_ < buffer_.size()) {
    const bool goes_on = co_await let_others_go_first();
    if (!goes_on) shut();
  }
  while (!closed_) {
    const auto step = reader_.feed(std::string_view(buffer_).substr(taken_));
    taken_ += step.consumed;
    if (step.what == outcome::message) {
      websocket_message out;
      out.data = std::move(reader_.payload());
      out.text = reader_.is_text();
      // Whoever takes the message may take its time.
      const bool answered = co_await send_pongs();
      if (answered) co_return out;
      shut();
    }
    if (step.what == outcome::need_more) {
      const bool more = co_await await_more();
      if (!more) shut();
    } else {
      const bool goes_on = co_await answer(step.what);
      if (!goes_on) shut();
    }
  }
  co_return std::nullopt;
}

// False at the end, which may have come meanwhile.
task<bool> websocket_session::let_others_go_first() {
  const bool open = co_await tunnel_.pause();
  if (!open) co_return false;
  if (!tunnel_.stopping()) co_return true;
  co_await close(code::going_away, "the server is stopping");
  co_return false;
}

// What a frame that is no message asks for. False at the end.
task<bool> websocket_session::answer(outcome what) {
  if (what == outcome::pong) co_return true;
  if (what == outcome::ping) {
    // Answers to what one read has brought go out together. None is larger than its ping.
    http::write_websocket_frame(pongs_, websocket_opcode::pong, reader_.payload());
    co_return true;
  }
  // A close is answered with its own code (RFC 6455 section 5.5.1).
  const std::string_view why = what == outcome::failed ? reader_.fault() : std::string_view();
  co_await close(reader_.code(), why);
  co_return false;
}

// Waits for bytes; meanwhile sends what others have posted, and a ping into a long silence. False at the end.
task<bool> websocket_session::await_more() {
  buffer_.clear();
  taken_ = 0;
  const bool answered = co_await send_pongs();
  if (!answered) co_return false;
  for (;;) {
    const bool sent = co_await send_posted();
    if (!sent) co_return false;
    if (tunnel_.stopping()) {
      co_await close(code::going_away, "the server is stopping");
      co_return false;
    }
    auto came = co_await tunnel_.read();
    if (came.what == tunnel::news::ended) co_return false;
    if (came.what == tunnel::news::bytes) {
      buffer_ = std::move(came.bytes);
      heard_ = clock::now();
      pinged_ = false;
      co_return true;
    }
    const auto silence = clock::now() - heard_;
    if (silence >= 2 * options_.ping) co_return false;
    if (silence < options_.ping || std::exchange(pinged_, true)) continue;
    const bool asked = co_await send(websocket_opcode::ping, std::string());
    if (!asked) co_return false;
  }
}

task<bool> websocket_session::send_pongs() {
  if (pongs_.empty()) co_return true;
  std::string due = std::exchange(pongs_, std::string());
  const bool sent = co_await tunnel_.write(std::move(due));
  co_return sent;
}

task<bool> websocket_session::send_posted() {
  std::vector<std::string> due;
  {
    const std::scoped_lock lock(outbox_->guard);
    due.swap(outbox_->waiting);
  }
  for (auto& text : due) {
    const auto size = websocket_outbox::cost(text);
    const bool sent = co_await send(websocket_opcode::text, std::move(text));
    const std::scoped_lock lock(outbox_->guard);
    outbox_->bytes -= size;
    if (!sent) co_return false;
  }
  co_return true;
}

task<bool> websocket_session::send(websocket_opcode what, std::string payload) {
  if (closed_) co_return false;
  std::string frame = std::exchange(pongs_, std::string());
  frame.reserve(frame.size() + payload.size() + 10);
  http::write_websocket_frame(frame, what, payload);
  const bool sent = co_await tunnel_.write(std::move(frame));
  if (!sent) shut();
  co_return sent;
}

task<> websocket_session::close(std::uint16_t with, std::string_view reason) {
  if (closed_) co_return;
  std::string payload = http::websocket_close_payload(with, reason);
  co_await send(websocket_opcode::close, std::move(payload));
  shut();
}

}  // namespace mutual::detail
