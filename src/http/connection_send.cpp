// How a connection's answers go out.

#include "http/connection.hpp"
#include "http/own_answer.hpp"
#include "http/response_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <sys/socket.h>

namespace mutual::http {
namespace {

using clock = std::chrono::steady_clock;

// A body up to this size goes out with its head in one write, in one TLS record if it fits.
constexpr std::size_t joined_body = std::size_t{16} * 1024;
}  // namespace

// Sends head and body. True if all of it was taken and the connection may go on.
task<bool> connection::send(response& made, response_terms terms, bool keep) {
  body_sent_ = 0;
  sent_whole_ = false;
  reading_ = {};
  out_.clear();
  terms.keep_alive = keep;
  terms.date = guide_.date();
  auto head = write_response_head(out_, made, terms);
  if (!head) {
    options_.log.error(fmt::format("an answer could not be sent: {}", head.error().message()));
    made = own_answer(500, "the server could not answer this request");
    head = write_response_head(out_, made, terms);
    if (!head) co_return false;
  }
  bool sent = false;
  if (head->body == body_kind::none) {
    sent = co_await write(out_);
  } else if (made.source) {
    sent = co_await write(out_);
    if (sent) sent = co_await send_pieces(made, head->body);
  } else if (made.body.size() <= joined_body) {
    body_sent_ = made.body.size();
    out_ += made.body;
    std::string_view left(out_);
    sent = write_at_once(left);
    if (!sent) sent = co_await write(left);
  } else {
    body_sent_ = made.body.size();
    sent = co_await write(out_);
    if (sent) sent = co_await write(made.body);
  }
  give_back(out_);
  sent_whole_ = sent;
  broken_off_ = !sent && head->body == body_kind::until_close;
  co_return sent && head->keep_alive;
}

// What is large goes straight from where it is to where it is sealed, by way of memory that the thread's connections
// share. Only what was not taken at once is kept, for the time that it takes.
task<bool> connection::send_filled(const filling_source& source, std::size_t length) {
  while (body_sent_ < length) {
    const auto room = stream_.socket().owner().clear();
    auto filling = source.fill(room.first(std::min(room.size(), length - body_sent_)));
    const auto got = co_await filling;
    if (got == 0) break;
    body_sent_ += got;
    std::string_view bytes(room.data(), got);
    const auto result = stream_.try_write(bytes);
    if (result.status == tls::io_status::ok) {
      bytes.remove_prefix(result.bytes);
      reading_.taken += result.bytes;
    } else if (result.status != tls::io_status::would_block) {
      co_return false;
    }
    if (bytes.empty() && !stream_.has_unsent()) continue;
    std::string left(bytes);
    const bool sent = co_await write(left);
    if (!sent) co_return false;
  }
  co_return true;
}

// The next piece is asked for when the last has been taken by the network: a slow reader slows the source.
task<bool> connection::send_pieces(response& made, body_kind kind) {
  bool whole = false;
  bool sent = true;
  try {
    if (const auto* filling = made.source.target<filling_source>(); filling != nullptr && kind == body_kind::length) {
      auto sending = send_filled(*filling, made.length.value_or(0));
      sent = co_await sending;
      whole = true;
    }
    while (sent && !whole) {
      const auto piece = co_await made.source();
      whole = !piece;
      if (whole || piece->empty()) continue;
      body_sent_ += piece->size();
      if (kind == body_kind::length && body_sent_ > made.length.value_or(0)) break;
      if (kind == body_kind::chunked) {
        out_.clear();
        write_chunk(out_, *piece);
        sent = co_await write(out_);
      } else {
        sent = co_await write(*piece);
      }
    }
  } catch (const std::exception& thrown) {
    options_.log.error(fmt::format("the body of an answer broke off: {}", thrown.what()));
    co_return false;
  } catch (...) {
    options_.log.error("the body of an answer broke off");
    co_return false;
  }
  if (!sent) co_return false;
  if (kind == body_kind::length && body_sent_ != made.length.value_or(0)) {
    options_.log.error(fmt::format("an answer promised {} bytes and gave {}", made.length.value_or(0), body_sent_));
    co_return false;
  }
  if (kind != body_kind::chunked) co_return true;
  out_.clear();
  write_last_chunk(out_);
  const bool ended = co_await write(out_);
  co_return ended;
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
  while (!bytes.empty() || stream_.has_unsent()) {
    const auto result = stream_.try_write(bytes);
    if (result.status == tls::io_status::ok) {
      bytes.remove_prefix(result.bytes);
      reading_.taken += result.bytes;
    } else if (result.status == tls::io_status::would_block) {
      const auto left = patience();
      // A deadline of now would be put off to the clock's next tick, again and again.
      if (left <= std::chrono::milliseconds(0)) co_return false;
      stream_.socket().set_deadline(left);
      const auto began = clock::now();
      const auto woken = co_await stream_.wait();
      reading_.waited += clock::now() - began;
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
