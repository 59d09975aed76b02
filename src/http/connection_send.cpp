// How a connection's answers go out.

#include "http/connection.hpp"
#include "http/own_answer.hpp"
#include "http/response_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sys/socket.h>
#include <utility>

namespace mutual::http {
namespace {

using clock = std::chrono::steady_clock;

// So much of a body goes out with its head in one write; and answers together, until they are as much.
constexpr std::size_t joined_body = std::size_t{16} * 1024;

}  // namespace

// The head of that answer or, if it cannot be written, of one that says so and takes its place.
result<written_head> connection::write_head(response& made, const response_terms& terms) {
  auto head = write_response_head(out_, made, terms);
  if (head) return head;
  options_.log.error(fmt::format("an answer could not be sent: {}", head.error().message()));
  made = own_answer(500, "the server could not answer this request");
  return write_response_head(out_, made, terms);
}

// Sends head and body, after whatever is held. True if all of it was taken and the connection may go on.
task<bool> connection::send(response& made, response_terms terms, bool keep) {
  body_sent_ = 0;
  sent_whole_ = false;
  reading_ = {};
  // What a source gives may be long in coming, and the answers before it are there.
  if (made.source && !out_.empty()) {
    const bool before = co_await write_out();
    if (!before) co_return false;
  }
  terms.keep_alive = keep;
  terms.date = guide_.date();
  const auto head = write_head(made, terms);
  if (!head) co_return false;
  bool sent = false;
  if (head->body != body_kind::none && made.source) {
    sent = co_await send_pieces(made, head->body);
  } else {
    std::string_view body(head->body == body_kind::none ? std::string_view() : made.body);
    const auto size = body.size();
    out_ += body.substr(0, joined_body);
    body.remove_prefix(std::min(body.size(), joined_body));
    if (body.empty() && may_hold(head->keep_alive)) {
      sent_whole_ = count_body(size, true);
      co_return true;
    }
    std::string_view left(out_);
    sent = write_at_once(left);
    if (!sent) sent = co_await write(left);
    tell_held(taken_of_out(sent));
    if (!sent) {
      unsent_ += body.size();
    } else if (!body.empty()) {
      sent = co_await write(body);
    }
    count_body(size, sent);
    give_back(out_);
  }
  sent_whole_ = sent;
  broken_off_ = !sent && head->body == body_kind::until_close;
  co_return sent && head->keep_alive;
}

// An answer waits for the next if the read that has brought its request has brought more: they go out together, before
// anything is waited for.
bool connection::may_hold(bool goes_on) const { return goes_on && !pending_.empty() && out_.size() < joined_body; }

// Sends what is held. Whoever stops the server waits for that.
task<bool> connection::write_out() {
  if (out_.empty()) co_return true;
  const bool was_idle = std::exchange(idle_, false);
  const bool sent = co_await write(out_);
  idle_ = was_idle;
  left_unsent_ = !sent;
  tell_held(taken_of_out(sent));
  give_back(out_);
  co_return sent;
}

// Sends what is held to a client that is to go: it was welcome when it was answered. It is not waited for, and if it
// does not read, the log tells that it has not got all.
void connection::send_without_waiting() {
  std::string_view left(out_);
  if (left.empty()) return;
  const bool sent = write_at_once(left);
  unsent_ = left.size();
  tell_held(taken_of_out(sent));
  give_back(out_);
}

// How much of what is held the write that has just ended has brought out: not all, if it failed, though what is sealed
// may wait for the network alone.
std::size_t connection::taken_of_out(bool sent) const {
  return sent ? out_.size() : out_.size() - std::max<std::size_t>(unsent_, 1);
}

// A write has ended that had so much of the body in it, and so much of something else behind that.
bool connection::count_body(std::size_t size, bool sent, std::size_t behind) {
  const auto missing = sent || unsent_ < behind ? 0 : unsent_ - behind;
  body_sent_ += size - std::min(size, missing);
  return sent;
}

// Answers that were held are told of when they have gone out, or when it is known that they will not, or not whole.
void connection::tell_held(std::size_t taken) {
  for (auto& one : held_lines_) {
    const auto missing = one.end > taken ? one.end - taken : 0;
    one.notes.incomplete = missing > 0;
    const auto bytes = one.body_bytes - std::min(one.body_bytes, missing);
    options_.on_answer(one.line, one.notes, one.status, bytes, clock::now() - one.began);
  }
  if (!held_lines_.empty()) std::vector<held_line>().swap(held_lines_);
}

// How long a client that does not read may be waited for now. Taking a byte now and then is not reading: as for bodies
// that come in, the time in all is earned by the size.
std::chrono::milliseconds connection::patience() const {
  const auto earned = std::chrono::milliseconds(reading_.taken * 1000 / options_.timeouts.least_body_rate);
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(reading_.waited);
  return std::min(options_.timeouts.write, options_.timeouts.write + earned - waited);
}

// What the network takes at once, as it does nearly always, needs no task that could wait. True if that was all.
bool connection::write_at_once(std::string_view& bytes) {
  const auto result = stream_.try_write(bytes);
  if (result.status != tls::io_status::ok) return false;
  bytes.remove_prefix(result.bytes);
  reading_.taken += result.bytes;
  return bytes.empty() && !stream_.has_unsent();
}

task<bool> connection::write(std::string_view bytes) {
  unsent_ = bytes.size();
  while (!bytes.empty() || stream_.has_unsent()) {
    const auto result = stream_.try_write(bytes);
    if (result.status == tls::io_status::ok) {
      bytes.remove_prefix(result.bytes);
      unsent_ = bytes.size();
      reading_.taken += result.bytes;
    } else if (result.status == tls::io_status::would_block) {
      const auto left = patience();
      // A deadline of now would be put off to the clock's next tick, again and again.
      if (left <= std::chrono::milliseconds(0)) co_return false;
      stream_.socket().set_deadline(left);
      const bool counts = !stream_.only_yields();
      const auto began = clock::now();
      const auto woken = co_await stream_.wait();
      if (counts) reading_.waited += clock::now() - began;
      in_a_row_ = 0;
      if (woken != net::wait_status::ready) co_return false;
    } else {
      co_return false;
    }
  }
  co_return true;
}

// A body that ends with the connection looks whole if the connection ends well (RFC 9112 section 8). A reset, and no
// close_notify before it, is what tells the client.
void connection::reset_at_the_end() {
  const linger at_once{1, 0};
  (void)::setsockopt(stream_.socket().fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace mutual::http
