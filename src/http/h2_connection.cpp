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
      row_began_(now_) {
  // The client is read from while it takes what is sent.
  stream_.hold_refused();
}

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
  for (bool turn_begins = false, takes = true;;) {
    now_ = clock::now();
    // What the client says is heard once a turn while it takes what is sent, however much that is: it may take a
    // request back. Before anything is written, which may use up its share of the network.
    if (std::exchange(turn_begins, false) && takes) (void)read_in();
    if (input_ == input::broken) co_return;
    handle_events();
    // Before anything is written: what they held makes room for others, who must be told of it now.
    reap();
    const auto state = write_out();
    if (input_ == input::open) sent_at_ = now_;
    if (state == output::gone || unwelcome_ || has_said_all(state) || time_is_up(state)) co_return;
    ours_to_end_ = state == output::drained && session_.over();
    if (ours_to_end_) co_return;
    // In all of the turn: its last pass is one in which nothing moves.
    takes = state == output::drained || out_moved_ >= row_began_;
    const bool enough = has_had_its_turn();
    const bool more = session_.has_events() || (state == output::drained && read_in());
    if (more && !enough) continue;
    auto resting = rest(state, more);
    const bool goes_on = co_await resting;
    if (!goes_on) co_return;
    turn_begins = true;
  }
}

// Lets the others on the thread have their turn and, if there is no more to do, waits; then its own turn begins. False
// if the connection was cut.
task<bool> h2_connection::rest(output state, bool more) {
  const bool only_yields = stream_.only_yields();
  // To give turns alone is to wait, too: whoever always asks for them must not stop the client's clocks.
  const bool idle = !more || told_ == told::turns;
  const auto began = told_ == told::turns ? row_began_ : clock::now();
  if (more && !only_yields) {
    auto others = stream_.socket().owner().yield();
    co_await others;
  } else {
    // Its share of what the network may move begins anew with a wait alone, and there may never be another.
    if (!more && input_ == input::ended && state == output::drained) stream_.expect_nothing();
    set_deadline(state);
    co_await stream_.wait();
  }
  begin_turn();
  if (state == output::blocked && !only_yields) out_waited_ += row_began_ - began;
  if (state == output::drained && idle) session_.add_stall(row_began_ - began);
  co_return !stream_.socket().cancelled();
}

// Whether there is nothing more to be sent to a client that says nothing more: what came before its end is served
// still. Whoever works on an answer is waited for as long as it is for the client to read it.
bool h2_connection::has_said_all(output state) const {
  if (input_ != input::ended) return false;
  if (now_ - sent_at_ > options_.timeouts.linger) return true;
  return state == output::drained && !session_.has_events() &&
         std::none_of(exchanges_.begin(), exchanges_.end(), [](const auto& one) { return one.works_on_answer(); });
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
    const bool turn = event->what == h2_event::kind::turn;
    in_a_row_ += turn ? most_in_a_row : 1;
    told_ = turn && told_ != told::more ? told::turns : told::more;
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

// What the network has taken, not what waits for it here: since the last time, while so much was handed over.
void h2_connection::note_moved(std::size_t handed_over) {
  const auto left = stream_.unsent();
  if (left < unsent_ + handed_over) out_moved_ = sent_at_ = now_;
  unsent_ = left;
}

h2_connection::output h2_connection::write_out() {
  note_moved(0);  // by the wait
  for (;;) {
    if (out_sent_ == out_.size()) {
      out_.clear();
      out_sent_ = 0;
      if (!stream_.has_unsent()) out_moved_ = now_;
      // The last records may wait for the socket yet: then nothing is drained.
      if (!session_.collect(out_, collected_bytes, now_) && !stream_.has_unsent()) break;
    }
    const auto result = stream_.try_write(std::string_view(out_).substr(out_sent_));
    note_moved(result.bytes);
    if (result.status == tls::io_status::would_block) return output::blocked;
    if (result.status != tls::io_status::ok) return output::gone;
    out_sent_ += result.bytes;
    out_taken_ += result.bytes;
  }
  if (out_.capacity() > kept_bytes) out_.shrink_to_fit();
  out_taken_ = 0;
  out_waited_ = {};
  return output::drained;
}

// Takes in what is there, of one read: bytes, or the end. False if there is nothing.
bool h2_connection::read_in() {
  if (input_ != input::open) return false;
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
  if (got.status == tls::io_status::would_block) return false;
  // Who says no more, with close_notify or without, may read on, as over HTTP/1.1. Who floods or breaks TLS may not.
  const bool ended = got.status == tls::io_status::ended || got.status == tls::io_status::cut_off;
  input_ = ended ? input::ended : input::broken;
  return true;
}

bool h2_connection::has_had_its_turn() const {
  return in_a_row_ >= most_in_a_row || clock::now() - row_began_ >= options_.turn;
}

void h2_connection::begin_turn() {
  in_a_row_ = 0;
  told_ = told::nothing;
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
  } else if (input_ == input::ended) {
    const auto since = std::chrono::duration_cast<milliseconds>(now_ - sent_at_);
    left = std::clamp(options_.timeouts.linger - since, milliseconds(0), left);
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
