#include "http/h2_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mutual::http {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Two TLS records (RFC 8446 section 5.1), which go out in one system call; what is sent is collected up to them.
constexpr std::size_t collected_bytes = std::size_t{32} * 1024;
// A larger buffer is given back when there is nothing to send.
constexpr std::size_t kept_bytes = std::size_t{4} * 1024;
// What is told in a row, of a request or of a piece of a body, before others on the thread have their turn.
constexpr unsigned most_in_a_row = 32;

}  // namespace

h2_connection::h2_connection(tls::stream& stream, const server_options& options,
                             std::shared_ptr<const connection_info> info, const connection_guide& guide)
    : stream_(stream),
      options_(options),
      info_(info),
      guide_(guide),
      session_(options, std::move(info)),
      now_(clock::now()),
      judged_at_(now_),
      idle_since_(now_),
      row_began_(now_) {}

task<> h2_connection::run() {
  if (guide_.stopping()) drain();
  auto serving = serve();
  co_await serving;
  note_fault();
  // A handler that is at work cannot be told that nobody waits for its answer any more; it comes to its own end.
  session_.abandon();
  auto ends = tell_the_rest();
  co_await ends;
  if (unwelcome_ || ours_to_end_) {
    co_await stream_.linger(options_.timeouts.linger);
  } else {
    stream_.say_goodbye();
  }
  while (!exchanges_.empty()) {
    co_await finished_.wait();
    // Whoever rang is not done yet: it must have left its coroutine before it goes.
    auto others = stream_.socket().owner().yield();
    co_await others;
    auto rest = tell_the_rest();
    co_await rest;
  }
}

// Nothing more is sent or comes, but whoever works on may ask for further turns.
task<> h2_connection::tell_the_rest() {
  begin_turn();
  while (session_.has_events()) {
    handle_events();
    reap();
    if (!has_had_its_turn()) continue;
    auto others = stream_.socket().owner().yield();
    co_await others;
    begin_turn();
  }
  reap();
}

task<> h2_connection::serve() {
  for (bool ended = false, turn_begins = false, takes = true;;) {
    now_ = clock::now();
    // What the client says is heard once a turn while it takes what is sent, however much that is: it may take a
    // request back. Before anything is written, which may use up its share of the network.
    if (std::exchange(turn_begins, false) && takes && !ended) (void)read_in(ended);
    handle_events();
    // Before anything is written: what they held makes room for others, who must be told of it now.
    reap();
    const auto state = write_out();
    // What came before the end is served, while there is anything to be sent of it.
    if (!ended) sent_at_ = now_;
    const bool last =
        ended && ((state == output::drained && !session_.has_events()) || now_ - sent_at_ > options_.timeouts.linger);
    if (state == output::gone || unwelcome_ || last || time_is_up(state)) co_return;
    ours_to_end_ = state == output::drained && session_.over();
    if (ours_to_end_) co_return;
    takes = state == output::drained || out_moved_ == now_;
    const bool enough = has_had_its_turn();
    const bool more = session_.has_events() || (state == output::drained && !ended && read_in(ended));
    if (more || (ended && state == output::drained)) {
      if (!enough) continue;
      if (stream_.only_yields()) {
        // Its share of what the network may move begins anew with a wait alone, and there may never be another.
        set_deadline(state);
        co_await stream_.wait();
      } else {
        auto others = stream_.socket().owner().yield();
        co_await others;
      }
      if (stream_.socket().cancelled()) co_return;
      begin_turn();
      turn_begins = true;
      continue;
    }
    set_deadline(state);
    const bool theirs = state == output::blocked && !stream_.only_yields();
    const auto began = clock::now();
    const auto woken = co_await stream_.wait();
    begin_turn();
    turn_begins = true;
    now_ = row_began_;
    if (theirs) out_waited_ += now_ - began;
    if (state == output::drained) session_.add_stall(now_ - began);
    if (woken == net::wait_status::cancelled) co_return;
  }
}

// What has happened on the streams, up to a share: whoever is told of a piece may work for as long as on a request.
void h2_connection::handle_events() {
  while (const auto event = session_.next_event()) {
    if (event->what == h2_event::kind::request) {
      begin(*event->stream);
      // What is left is told when every stream is closed.
      if (unwelcome_) return;
    } else if (event->stream->worked_on_by != nullptr) {
      event->stream->worked_on_by->tell(event->what);
    }
    // Who has asked for a turn uses all of it.
    in_a_row_ += event->what == h2_event::kind::turn ? most_in_a_row : 1;
    if (has_had_its_turn()) return;
  }
}

void h2_connection::begin(h2_stream& on) {
  if (unwelcome_) return session_.release(on);
  if (!guide_.still_welcome()) {
    unwelcome_ = true;
    return session_.release(on);
  }
  exchanges_.emplace_back(session_, on, options_, guide_, [this] { advance(); }).start();
}

// Something is to be sent, or an exchange has come to its end.
void h2_connection::advance() {
  stream_.socket().wake();
  finished_.ring();
}

void h2_connection::reap() {
  for (auto at = exchanges_.begin(); at != exchanges_.end();) {
    at = at->done() ? exchanges_.erase(at) : std::next(at);
  }
  if (!session_.quiet()) idle_since_ = now_;
}

h2_connection::output h2_connection::write_out() {
  for (;;) {
    if (out_sent_ == out_.size()) {
      out_.clear();
      out_sent_ = 0;
      out_moved_ = now_;
      // The last records may wait for the socket yet: then nothing is drained.
      if (!session_.collect(out_, collected_bytes, now_) && !stream_.has_unsent()) break;
    }
    const auto result = stream_.try_write(std::string_view(out_).substr(out_sent_));
    if (result.status == tls::io_status::would_block) return output::blocked;
    if (result.status != tls::io_status::ok) return output::gone;
    out_moved_ = sent_at_ = now_;
    out_sent_ += result.bytes;
    out_taken_ += result.bytes;
  }
  if (out_.capacity() > kept_bytes) out_.shrink_to_fit();
  out_taken_ = 0;
  out_waited_ = {};
  return output::drained;
}

// Takes in what is there, of one read. False if there is nothing.
bool h2_connection::read_in(bool& ended) {
  if (!stream_.has_pending() && !stream_.socket().may_receive()) {
    stream_.expect_read();
    return false;
  }
  const auto scratch = stream_.socket().owner().scratch();
  const auto got = stream_.try_read(scratch);
  if (got.status == tls::io_status::ok) {
    session_.feed({scratch.data(), got.bytes}, now_);
    return true;
  }
  ended = got.status != tls::io_status::would_block;
  return false;
}

bool h2_connection::has_had_its_turn() const {
  return in_a_row_ >= most_in_a_row || clock::now() - row_began_ >= options_.turn;
}

void h2_connection::begin_turn() {
  in_a_row_ = 0;
  row_began_ = clock::now();
}

// How often what the clock says is looked at while there is anything to look at.
milliseconds h2_connection::tick() const {
  const auto& times = options_.timeouts;
  return std::clamp(std::min({times.head, times.body, times.write}) / 4, milliseconds(20), milliseconds(1'000));
}

// As for HTTP/1.1: a client must take something within the time, and what it takes earns it time in all.
milliseconds h2_connection::patience() const {
  const auto& times = options_.timeouts;
  const auto earned = milliseconds(out_taken_ * 1000 / times.least_body_rate);
  const auto waited = std::chrono::duration_cast<milliseconds>(out_waited_);
  const auto stuck = std::chrono::duration_cast<milliseconds>(now_ - out_moved_);
  return std::max(milliseconds(0), std::min(times.write - stuck, times.write + earned - waited));
}

void h2_connection::set_deadline(output state) {
  auto left = tick();
  if (state == output::blocked) {
    left = patience();
  } else if (session_.quiet() && !session_.shutting_down()) {
    left = std::max(milliseconds(0),
                    options_.timeouts.idle - std::chrono::duration_cast<milliseconds>(now_ - idle_since_));
  }
  stream_.socket().set_deadline(left);
}

// True if the connection has no future. Looked at each time round, for what comes meanwhile may put off any deadline.
bool h2_connection::time_is_up(output state) {
  if (state == output::blocked) return patience() <= milliseconds(0);
  if (now_ - judged_at_ < tick()) return false;
  judged_at_ = now_;
  for (auto& one : exchanges_) one.look_at_clock(now_);
  if (!session_.judge_times(now_)) {
    ours_to_end_ = true;
    return true;
  }
  if (session_.quiet() && now_ - idle_since_ >= options_.timeouts.idle) session_.terminate();
  return false;
}

void h2_connection::drain() {
  session_.begin_shutdown(clock::now());
  for (auto& one : exchanges_) {
    one.end_if_endless();
    one.nudge();
  }
  advance();
}

void h2_connection::note_fault() {
  if (session_.fault().empty()) return;
  options_.log.warn(fmt::format("{}:{}: the HTTP/2 connection was closed: {}", info_->remote_address,
                                info_->remote_port, session_.fault()));
}

}  // namespace mutual::http
