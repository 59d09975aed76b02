// How an HTTP/2 session takes requests in: what is refused early, how much is held, and what is late.

#include "http/h2_session.hpp"
#include "http/h2_session_callbacks.hpp"

#include <algorithm>
#include <utility>

namespace mutual::http {
namespace {

// A client that has been told of a shutdown answers in a moment, or not at all.
constexpr auto shutdown_notice = std::chrono::seconds(1);
// Each may hold a large message that is not whole, and what waits to be sent.
constexpr std::ptrdiff_t most_tunnels = 16;
// Bytes of whole answers that wait for their client, before it is served further.
constexpr std::size_t most_unsent = std::size_t{2} << 20U;
// Of a stream, before it is given more room (RFC 9113 section 6.9.2); our SETTINGS say nothing else.
constexpr std::size_t first_window = 65'535;
// As much as a connection of HTTP/1.1 throws away while it lingers.
constexpr std::size_t most_thrown_away = std::size_t{4} << 20U;
// Requests that were answered before their ends and are waited for.
constexpr std::size_t most_left_open = 50;

std::chrono::milliseconds earned(std::size_t bytes, std::size_t streams, std::size_t rate) {
  return std::chrono::milliseconds(bytes * 1000 * std::max<std::size_t>(1, streams) / rate);
}

}  // namespace

bool h2_session::suffer(h2_nuisance what) {
  if (patience_.suffer(what, now_)) return true;
  end_badly(NGHTTP2_ENHANCE_YOUR_CALM,
            "it makes more work than its requests need (resets, pings, settings and the like)");
  return false;
}

// The head is there: the moment to refuse the body before it costs anything, or to ask for it.
void h2_session::head_is_there(h2_stream& on, bool more) {
  // All have the same turn, whatever the client says: a large answer must not hold up a small one.
  nghttp2_extpri alike{};
  alike.urgency = NGHTTP2_EXTPRI_DEFAULT_URGENCY;
  alike.inc = 1;
  nghttp2_session_change_extpri_stream_priority(session_.get(), on.id, &alike, 1);
  on.asked.end_head(more);
  on.body_began = now_;
  if (on.asked.failure()) return hand_over(on);
  if (!more) return;
  on.asked.message().connection = info_;
  const auto terms = options_.check_head ? options_.check_head(on.asked.message()) : body_terms();
  if (!terms.wanted) {
    on.unread = true;
    return hand_over(on);
  }
  if (on.asked.is_tunnel()) {
    const auto tunnels = std::count_if(streams_.begin(), streams_.end(), [](const auto& each) {
      return each.second->asked.is_tunnel() && !each.second->complete;
    });
    if (tunnels > most_tunnels) {
      on.asked.fail(503, "a connection may have 16 WebSockets at a time: close one, or open another connection");
      return hand_over(on);
    }
    on.in_pieces = true;
    on.asked.in_pieces();
    return hand_over(on);
  }
  on.limit = terms.limit.value_or(options_.limits.body_bytes);
  on.asked.limit_body(on.limit);
  if (on.asked.failure()) return hand_over(on);
  if (terms.streamed) {
    on.in_pieces = true;
    on.asked.in_pieces();
    return hand_over(on);
  }
  if (on.asked.expects_continue()) say_continue(on);
}

void h2_session::say_continue(h2_stream& to) {
  std::string_view name = ":status";
  std::string_view value = "100";
  nghttp2_nv status{};
  status.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data()));
  status.namelen = name.size();
  status.value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
  status.valuelen = value.size();
  nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, to.id, nullptr, &status, 1, nullptr);
}

void h2_session::request_is_whole(h2_stream& on) {
  // What was thrown away is not measured: the answer does not depend on how much of it had come.
  if (!on.unread) on.asked.end();
  on.whole = true;
  hand_over(on);
  tell_of_piece(on);
}

void h2_session::hand_over(h2_stream& on) {
  if (on.handed_over) return;
  // What came within the window that it began with is no longer counted, nor is room that was given in vain.
  const bool kept = !on.asked.failure() && !on.unread;
  const auto size = on.asked.body_bytes();
  give_back(on, kept && size > first_window ? size - first_window : 0);
  on.handed_over = true;
  handed_ += on.granted;
  on.asked.message().connection = info_;
  requests_.push_back(&on);
  repay();
}

// Answers that are whole lie in memory until the client takes them, and it may ask for a hundred and take none: beyond
// a bound nothing more is begun until some have gone, or have been given up for their time. The largest of them does
// not count, so that one answer, whatever its size, holds up nobody else's.
bool h2_session::may_begin() const {
  if (unsent_ <= most_unsent) return true;
  std::size_t largest = 0;
  for (const auto& [id, each] : streams_) {
    if (!each->from_source) largest = std::max(largest, each->piece.size());
  }
  return unsent_ - largest <= most_unsent;
}

std::string h2_session::take_piece(h2_stream& from, time_point now) {
  now_ = now;
  auto piece = from.asked.take_piece();
  if (from.open && from.owed > 0) give_room(from);
  return piece;
}

void h2_session::ask_for_piece(h2_stream& from, time_point now) {
  if (std::exchange(from.hungry, true)) return;
  const bool first = !std::exchange(from.asked_for, true);
  if (first && from.asked.expects_continue() && from.open && from.asked.body_bytes() == 0) say_continue(from);
  from.body_began = now;
}

void h2_session::tell_of_piece(h2_stream& on) {
  if (!on.hungry) return;
  on.hungry = false;
  on.waited += now_ - on.body_began;
  events_.push_back({h2_event::kind::has_piece, &on});
}

void h2_session::take_data(h2_stream& on, std::string_view piece) {
  if (on.in_pieces && !on.complete) {
    on.owed += piece.size();
    on.asked.data(piece);
    return tell_of_piece(on);
  }
  if (!on.handed_over) {
    on.asked.data(piece);
    if (on.asked.failure()) hand_over(on);
  }
  if (on.owed == 0) on.withheld_since = now_;
  on.owed += piece.size();
  if (on.handed_over) return throw_away(on);
  if (may_hold_more(on)) return give_room(on);
  held_back_ = true;
}

// The client of a request that is refused, or was answered already, may send on until it has seen the answer, but not
// for ever: then it gets no more room.
void h2_session::throw_away(h2_stream& on) {
  if (on.thrown_away >= most_thrown_away) return;
  on.thrown_away += on.owed;
  give_room(on);
}

// The answer is there before the request is, and the rest of that is not wanted (RFC 9113 section 8.1). A client that
// reads the answer and RST_STREAM together may see the reset alone (curl 7.88 does): so the rest is waited for, as
// stream::linger does it, and called off when that takes too long, or if there are too many.
void h2_session::leave_open(h2_stream& on) {
  on.hungry = false;
  (void)on.asked.take_piece();
  if (!on.from_source) unsent_ -= on.piece.size();
  on.piece = std::string();  // it has gone out, and counts against nobody while the rest is waited for
  if (on.held_by_owner) events_.push_back({h2_event::kind::answered, &on});
  const bool was_tunnel = on.asked.is_tunnel() && on.from_source;  // who speaks through one has said goodbye there
  if (was_tunnel || left_open_ >= most_left_open) return reset(on, NGHTTP2_NO_ERROR);
  on.left_open = true;
  on.left_open_at = now_;
  ++left_open_;
  if (on.owed > 0) throw_away(on);
}

// Whether that is due now; then it is done.
void h2_session::call_off_if_due(h2_stream& on) {
  if (!on.left_open || now_ - on.left_open_at < options_.timeouts.linger) return;
  on.left_open = false;
  --left_open_;
  reset(on, NGHTTP2_NO_ERROR);
}

// Room is given, beyond the window that each begins with, for as much as the largest body may have. Beyond that only
// the oldest body that is not whole gets more, so that one of them always comes to its end; and that, too, only while
// handlers hold no more than as much. So all together take three times that at most, and a slow handler holds up nobody
// else's body before what handlers hold is too much by itself.
bool h2_session::may_hold_more(const h2_stream& on) const {
  const auto most = std::max(options_.limits.body_bytes, on.limit);
  if (granted_ + on.owed <= most) return true;
  if (handed_ > most) return false;
  const auto oldest = std::find_if(streams_.begin(), streams_.end(), [](const auto& each) {
    const auto& one = *each.second;
    return !one.handed_over && (one.granted > 0 || one.owed > 0);
  });
  return oldest != streams_.end() && oldest->second.get() == &on;
}

void h2_session::give_room(h2_stream& on) {
  if (!on.in_pieces) on.withheld += now_ - on.withheld_since;
  if (!on.open) return;
  const auto room = std::exchange(on.owed, 0);
  if (!on.handed_over) {
    on.granted += room;
    granted_ += room;
  }
  nghttp2_session_consume_stream(session_.get(), on.id, room);
}

// Of the room that a stream was given it needs no more than that any longer.
void h2_session::give_back(h2_stream& of, std::size_t kept) {
  const auto less = of.granted - std::min(of.granted, kept);
  of.granted -= less;
  granted_ -= less;
  if (of.handed_over) handed_ -= less;
}

// Memory has become free, or the oldest body is whole: those who were held back go on.
void h2_session::repay() {
  if (!std::exchange(held_back_, false)) return;
  for (auto& [id, each] : streams_) {
    if (each->owed == 0 || each->handed_over) continue;
    if (may_hold_more(*each)) {
      give_room(*each);
    } else {
      held_back_ = true;
    }
  }
}

// A body has its time, and more as it grows, as in HTTP/1.1; what one request of many must bring is its share.
bool h2_session::body_is_late(const h2_stream& on) const {
  // Who speaks through a tunnel may be silent for as long as whoever took it over puts up with it.
  if (!on.open || on.asked.is_tunnel()) return false;
  const auto& times = options_.timeouts;
  if (on.in_pieces) {
    return on.hungry && now_ - on.body_began + on.waited >
                            times.body + earned(on.asked.body_bytes(), streams_.size(), times.least_body_rate);
  }
  if (on.handed_over || on.owed > 0 || !on.asked.head_is_whole()) return false;
  return now_ - on.body_began - on.withheld >
         times.body + earned(on.asked.body_bytes(), streams_.size(), times.least_body_rate);
}

// Of a client that reads nothing, or a byte now and then, the windows are closed while nothing else is to be sent.
bool h2_session::answer_is_not_read(const h2_stream& on) const {
  if (!on.open || !on.answered || on.complete || on.starving) return false;
  const auto& times = options_.timeouts;
  // Others that are not begun for its sake have no share in what is sent, and wait for this time alone.
  const bool holds_up = !requests_.empty() && !may_begin();
  const auto shared = streams_.size() - std::min(streams_.size(), requests_.size());
  return stalls_ - on.ready_at >
         times.write + (holds_up ? std::chrono::milliseconds(0) : earned(on.sent, shared, times.least_body_rate));
}

bool h2_session::judge_times(time_point now) {
  now_ = now;
  for (auto& [id, each] : streams_) {
    if (body_is_late(*each)) {
      each->asked.fail(408, "the request's body did not arrive in time");
      hand_over(*each);
      tell_of_piece(*each);
    }
    if (answer_is_not_read(*each)) reset(*each, NGHTTP2_CANCEL);
    call_off_if_due(*each);
  }
  if (shutting_down_ && now - shutdown_began_ > shutdown_notice) finish_shutdown();
  return !block_began_ || now - *block_began_ < options_.timeouts.head;
}

}  // namespace mutual::http
