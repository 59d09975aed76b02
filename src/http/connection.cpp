#include "http/connection.hpp"

#include "http/answering.hpp"
#include "http/own_answer.hpp"
#include "http/response_writer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace mutual::http {
namespace {

using clock = std::chrono::steady_clock;

// What a client that sends without waiting has answered in a row, and so many pieces of an answer or of what a tunnel
// carries, before others on the thread have their turn.
constexpr unsigned most_in_a_row = 32;

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

}  // namespace

connection::connection(tls::stream& stream, const server_options& options, std::shared_ptr<const connection_info> info,
                       const connection_guide& guide)
    : stream_(stream),
      options_(options),
      info_(std::move(info)),
      guide_(guide),
      busy_(guide.busy, stream),
      parser_(ceiling(options)) {}

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
      tell_held(0);
      if (broken_off_) {
        reset_at_the_end();
        co_return;
      }
      co_await stream_.linger(options_.timeouts.linger);
      co_return;
    }
    busy_.used();
    if (has_had_its_turn()) {
      const bool sent = co_await write_out();
      if (!sent) break;
      auto others = stream_.socket().owner().yield();
      co_await others;
    }
  }
  tell_held(0);
  tell_broken_off();
  if (left_unsent_) {
    co_await stream_.linger(options_.timeouts.linger);
    co_return;
  }
  // Nothing of the client's is unread here, so nothing of ours can be lost to a reset.
  stream_.say_goodbye();
}

// Whether what is here already has kept the thread for so long that the others on it come first. A record of TLS for
// each request is as good a way to send many at once as one for all.
bool connection::has_had_its_turn() {
  const bool waits_now = pending_.empty() && !look_first_ && !stream_.has_pending();
  if (waits_now) in_a_row_ = 0;
  return !waits_now && row_is_over();
}

// One thing more has been done in a row: whether that is enough. A wait for the network ends a row, too.
bool connection::row_is_over() {
  if (in_a_row_++ == 0) row_began_ = clock::now();
  const bool enough = in_a_row_ >= most_in_a_row || clock::now() - row_began_ >= options_.turn;
  if (enough) in_a_row_ = 0;
  return enough;
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
    const bool counts = !idle_ && !stream_.only_yields();
    const auto began = counts ? clock::now() : clock::time_point();
    const auto woken = co_await stream_.wait();
    if (counts) coming_.waited += clock::now() - began;
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
  body_ = body_state::none;
  timed_out_ = false;
  idle_ = true;
  reading_ = {};
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
    if (state == parse_state::need_more && !out_.empty()) {
      const bool sent = co_await write_out();
      if (!sent) co_return progress::closed;
      stream_.socket().set_deadline(options_.timeouts.idle);
    }
    if (idle_ && !parser_.idle()) {
      idle_ = false;
      // Most heads are whole when they come, and are waited for no more.
      if (state == parse_state::need_more) stream_.socket().set_deadline(options_.timeouts.head);
    }
    if (state == parse_state::need_more && in_body_ && !allow_for_body()) {
      co_return refused(408, "the request's body did not arrive in time");
    }
    if (state == parse_state::head_done) {
      if (parser_.message().connection != info_) parser_.message().connection = info_;
      if (!parser_.has_body()) continue;
      const bool go_on = co_await welcome_body();
      if (!go_on) co_return refusal_ ? progress::refused : body_terms_.wanted ? progress::closed : progress::unread;
      if (body_ != body_state::none) co_return progress::request;
    }
  }
}

void connection::give_back(std::string& buffer) {
  // Buffers larger than this are given back when the connection waits for its next request.
  constexpr auto kept = std::size_t{4} * 1024;
  buffer.clear();
  if (buffer.capacity() > kept) buffer.shrink_to_fit();
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
  refusal_ = own_answer(status, detail);
  return progress::refused;
}

// True if the connection goes on: never if the request's body was left `unread`.
task<bool> connection::answer_request(bool whole) {
  request& asked = parser_.message();
  // Before the handler runs, which may move the request away or change it.
  const response_terms terms = terms_for(asked);
  body_sent_ = 0;
  in_body_ = false;  // it has its own line from here on
  request_teller teller(options_, asked, body_sent_);
  if (!guide_.still_welcome()) {
    send_without_waiting();
    co_return false;
  }
  stream_.socket().clear_deadline();
  asked.body_unread = !whole;
  const body_lease lease(*this, asked);
  std::optional<response> at_once = answer_at_once(options_, asked, teller.notes);
  if (!at_once) {
    // No answer waits for another that is not there yet, but for one that is made at once.
    if (!out_.empty()) {
      const bool sent = co_await write_out();
      if (!sent) co_return false;
      stream_.socket().clear_deadline();
    }
    auto answering = answer_of(options_, asked, teller.notes);
    at_once = co_await answering;
  }
  response& made = *at_once;
  teller.status = made.status;
  const bool read_whole = whole && (body_ == body_state::none || body_ == body_state::ended);
  const bool keep = read_whole && parser_.keep_alive() && !guide_.stopping();
  body_continues_ = false;
  bool goes_on = false;
  if (made.takeover && made.status == 101 && read_whole && terms.version_minor == 1) {
    co_await hand_over(made, terms);
  } else {
    endless_ = made.endless && made.source;
    goes_on = co_await send(made, terms, keep);
    endless_ = false;
  }
  teller.status = made.status;
  teller.notes.incomplete = !sent_whole_;
  if (!teller.line) co_return goes_on;
  if (sent_whole_ && !out_.empty()) {
    held_lines_.push_back({*std::exchange(teller.line, std::nullopt), std::move(teller.notes), made.status, body_sent_,
                           teller.began, out_.size()});
    co_return goes_on;
  }
  tell_held(0);
  teller.tell();
  co_return goes_on;
}

// The client has gone, or was cut off, before all of a request had come whose head was there.
void connection::tell_broken_off() {
  if (!in_body_ || !options_.on_answer) return;
  answer_notes notes;
  notes.incomplete = true;
  options_.on_answer(line_of(parser_.message()), notes, 0, 0, coming_.waited);
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
  answer_notes notes;
  notes.incomplete = !sent_whole_;
  tell_held(0);
  if (options_.on_answer) options_.on_answer(line_of(asked), notes, made.status, body_sent_, clock::now() - began);
}

}  // namespace mutual::http
