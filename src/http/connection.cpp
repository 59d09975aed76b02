#include "http/connection.hpp"

#include "http/response_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace mutual::http {
namespace {

using clock = std::chrono::steady_clock;

// A body up to this size goes out with its head in one write, in one TLS record if it fits.
constexpr std::size_t joined_body = std::size_t{16} * 1024;
// Buffers larger than this are given back when the connection waits for its next request.
constexpr std::size_t kept_buffer = std::size_t{4} * 1024;

// An answer of our own, not a handler's: a problem of RFC 9457.
response problem_response(int status, std::string_view detail) {
  std::string escaped;
  for (const char c : detail) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return response(
      status,
      fmt::format("{{\"title\":\"{}\",\"status\":{},\"detail\":\"{}\"}}\n", status_phrase(status), status, escaped),
      "application/problem+json");
}

// The parser's own limit is the highest that any route allows; a request's is known when its head is.
limits ceiling(const server_options& options) {
  auto bounds = options.limits;
  bounds.body_bytes = std::max(bounds.body_bytes, options.largest_body);
  return bounds;
}

response_terms terms_for(const request& asked) {
  response_terms terms;
  terms.version_minor = asked.version_minor;
  terms.to_head = asked.method == "HEAD";
  return terms;
}

void give_back(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kept_buffer) buffer.shrink_to_fit();
}

}  // namespace

connection::connection(tls::stream& stream, const server_options& options, std::shared_ptr<const connection_info> info,
                       const connection_guide& guide)
    : stream_(stream), options_(options), info_(std::move(info)), guide_(guide), parser_(ceiling(options)) {}

task<> connection::run() {
  for (;;) {
    const auto came = co_await next_request();
    if (came == progress::closed) break;
    bool keep = false;
    if (came == progress::refused) {
      co_await answer_failure();
    } else {
      keep = co_await answer_request(came == progress::request);
    }
    if (!keep) {
      co_await stream_.linger(options_.timeouts.linger);
      co_return;
    }
  }
  // Nothing of the client's is unread here, so nothing of ours can be lost to a reset.
  stream_.say_goodbye();
}

// Brings at least one byte more into pending_; false if none will come.
task<bool> connection::fill() {
  for (;;) {
    // A client that has had its answer rarely has the next request on its way already: waiting first saves a read that
    // finds nothing. What TLS holds decrypted would not wake us, so that is asked first.
    if (look_first_ || stream_.has_pending()) {
      const auto scratch = stream_.socket().owner().scratch();
      const auto got = stream_.try_read(scratch);
      if (got.status == tls::io_status::ok) {
        pending_.append(scratch.data(), got.bytes);
        look_first_ = got.bytes == scratch.size();  // what did not fit is still there
        co_return true;
      }
      if (got.status != tls::io_status::would_block) co_return false;
    } else {
      stream_.expect_read();
    }
    look_first_ = true;
    if (idle_ && guide_.stopping()) co_return false;
    const auto woken = co_await stream_.wait();
    if (woken == net::wait_status::timed_out) timed_out_ = true;
    if (woken != net::wait_status::ready) co_return false;
  }
}

// Feeds the parser until a request is whole. Its phases have a limit in time each: idle, head, body.
task<connection::progress> connection::next_request() {
  parser_.reset();
  refusal_.reset();
  body_terms_ = {};
  in_body_ = false;
  timed_out_ = false;
  idle_ = true;
  stream_.socket().set_deadline(options_.timeouts.idle);
  auto state = parse_state::need_more;
  for (;;) {
    if (state == parse_state::need_more && pending_.empty()) {
      const bool more = co_await fill();
      if (!more)
        co_return timed_out_ && !parser_.idle() ? refused(408, "the request did not arrive in time") : progress::closed;
    }
    const auto step = parser_.feed(std::string_view(pending_).substr(taken_));
    state = step.state;
    if (state == parse_state::failed) co_return refused(parser_.failure().status, parser_.failure().detail);
    take(step.consumed);
    if (state == parse_state::done) co_return progress::request;
    if (idle_ && !parser_.idle()) {
      idle_ = false;
      stream_.socket().set_deadline(options_.timeouts.head);
    }
    if (state == parse_state::need_more && in_body_) allow_for_body();
    if (state == parse_state::head_done) {
      const bool go_on = co_await welcome_body();
      if (!go_on) co_return refusal_ ? progress::refused : body_terms_.wanted ? progress::closed : progress::unread;
    }
  }
}

// Marks bytes as the parser's. They leave the buffer together, when all are taken: a client that sends a thousand small
// requests at once must not have the rest moved a thousand times.
void connection::take(std::size_t count) {
  taken_ += count;
  if (taken_ < pending_.size()) return;
  give_back(pending_);
  taken_ = 0;
}

connection::progress connection::refused(int status, std::string_view detail) {
  refusal_ = problem_response(status, detail);
  return progress::refused;
}

// The head is there and the body is not: the moment to refuse it before it costs anything, or to ask for it.
task<bool> connection::welcome_body() {
  parser_.message().connection = info_;
  if (options_.check_head) body_terms_ = options_.check_head(parser_.message());
  if (!parser_.has_body()) co_return true;
  // Whatever the body, the answer is known: give it now, and close rather than read what nobody wants.
  if (!body_terms_.wanted) co_return false;
  if (!parser_.limit_body(body_terms_.limit.value_or(options_.limits.body_bytes))) {
    refused(parser_.failure().status, parser_.failure().detail);
    co_return false;
  }
  in_body_ = true;
  body_began_ = clock::now();
  allow_for_body();
  if (!parser_.expects_continue() || !pending_.empty()) co_return true;
  out_.clear();
  write_continue(out_);
  const bool sent = co_await write(out_);
  allow_for_body();
  co_return sent;
}

// A body has its time, and more as it grows: whoever sends at a fair rate may send for long, a trickle may not.
void connection::allow_for_body() {
  const auto earned =
      std::chrono::milliseconds(parser_.message().body.size() * 1000 / options_.timeouts.least_body_rate);
  const auto gone = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - body_began_);
  stream_.socket().set_deadline(std::max(options_.timeouts.body + earned - gone, std::chrono::milliseconds(0)));
}

task<response> connection::response_to(request& asked, answer_notes& notes) {
  bool failed = false;
  response made;
  try {
    made = co_await options_.answer(asked, notes);
  } catch (const std::exception& thrown) {
    // The application turns what handlers throw into problems; what arrives here is a mistake of ours or of memory.
    options_.log.error(fmt::format("a request could not be answered: {}", thrown.what()));
    failed = true;
  } catch (...) {
    options_.log.error("a request could not be answered: something was thrown that is no std::exception");
    failed = true;
  }
  if (failed) made = problem_response(500, "the server could not answer this request");
  co_return made;
}

// True if the connection goes on: never if the request's body was left `unread`.
task<bool> connection::answer_request(bool whole) {
  if (!guide_.still_welcome()) co_return false;
  stream_.socket().clear_deadline();
  const auto began = clock::now();
  request& asked = parser_.message();
  answer_notes notes;
  // Taken before the handler runs, which may move the request away.
  const response_terms terms = terms_for(asked);
  response made = co_await response_to(asked, notes);
  const bool keep = whole && parser_.keep_alive() && !guide_.stopping();
  const bool goes_on = co_await send(made, terms, keep);
  if (options_.on_answer) options_.on_answer(asked, notes, made.status, body_sent_, clock::now() - began);
  co_return goes_on;
}

task<> connection::answer_failure() {
  const auto began = clock::now();
  const request& asked = parser_.message();
  // Of a head that could not be read nothing is known, its method included: then the answer has a body.
  response made = *std::move(refusal_);
  refusal_.reset();
  const response_terms terms = terms_for(asked);
  co_await send(made, terms, false);
  parser_.message().connection = info_;
  if (options_.on_answer) options_.on_answer(asked, answer_notes{}, made.status, body_sent_, clock::now() - began);
}

// Sends head and body. True if all of it was taken and the connection may go on.
task<bool> connection::send(response& made, response_terms terms, bool keep) {
  body_sent_ = 0;
  out_.clear();
  terms.keep_alive = keep;
  terms.date = guide_.date();
  auto head = write_response_head(out_, made, terms);
  if (!head) {
    options_.log.error(fmt::format("an answer could not be sent: {}", head.error().message()));
    made = problem_response(500, "the server could not answer this request");
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
    sent = co_await write(out_);
  } else {
    body_sent_ = made.body.size();
    sent = co_await write(out_);
    if (sent) sent = co_await write(made.body);
  }
  give_back(out_);
  co_return sent && head->keep_alive;
}

// The next piece is asked for when the last has been taken by the network: a slow reader slows the source.
task<bool> connection::send_pieces(response& made, body_kind kind) {
  bool whole = false;
  bool sent = true;
  try {
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

// Each byte that the other end takes gives it the full time again.
task<bool> connection::write(std::string_view bytes) {
  bool timed = false;
  while (!bytes.empty()) {
    const auto result = stream_.try_write(bytes);
    if (result.status == tls::io_status::ok) {
      bytes.remove_prefix(result.bytes);
      if (timed) stream_.socket().set_deadline(options_.timeouts.write);
    } else if (result.status == tls::io_status::would_block) {
      if (!timed) stream_.socket().set_deadline(options_.timeouts.write);
      timed = true;
      const auto woken = co_await stream_.wait();
      if (woken != net::wait_status::ready) co_return false;
    } else {
      co_return false;
    }
  }
  co_return true;
}

}  // namespace mutual::http
