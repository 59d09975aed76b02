#include "http/h2_session.hpp"

#include "http/answering.hpp"
#include "http/h2_session_callbacks.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace mutual::http {
namespace {

limits ceiling(const server_options& options) {
  auto bounds = options.limits;
  bounds.body_bytes = std::max(bounds.body_bytes, options.largest_body);
  return bounds;
}

const nghttp2_option* rules() {
  struct owned {
    owned() {
      if (nghttp2_option_new(&made) != 0) throw std::bad_alloc();
      nghttp2_option_set_no_auto_window_update(made, 1);
      nghttp2_option_set_no_closed_streams(made, 1);
    }
    ~owned() { nghttp2_option_del(made); }
    owned(const owned&) = delete;
    owned& operator=(const owned&) = delete;
    nghttp2_option* made = nullptr;
  };
  static const owned kept;
  return kept.made;
}

nghttp2_nv name_value(std::string_view name, std::string_view value) {
  nghttp2_nv made{};
  made.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data()));
  made.namelen = name.size();
  made.value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
  made.valuelen = value.size();
  // What is secret is not to be put into tables that others' values can be compared with (RFC 7541 section 7.1.3).
  made.flags = name == "set-cookie" || name == "authorization" ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
  return made;
}

}  // namespace

void h2_session::deleter::operator()(nghttp2_session* which) const { nghttp2_session_del(which); }

h2_session::h2_session(const server_options& options, std::shared_ptr<const connection_info> info)
    : options_(options), info_(std::move(info)), bounds_(ceiling(options)) {
  nghttp2_session* made = nullptr;
  if (nghttp2_session_server_new2(&made, callbacks::all(), this, rules()) != 0) throw std::bad_alloc();
  session_.reset(made);
  const std::array<nghttp2_settings_entry, 4> settings{
      {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, static_cast<std::uint32_t>(options.most_streams)},
       {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(bounds_.head_bytes)},
       {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},  // RFC 8441
       // All streams get their turns alike; RFC 9113 section 5.3.2 has done away with trees of priorities.
       {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}}};
  if (nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) != 0) throw std::bad_alloc();
}

h2_session::~h2_session() = default;

void h2_session::feed(std::string_view bytes, time_point now) {
  now_ = now;
  if (ended_badly_) return;
  const auto taken =
      nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (taken >= 0 || ended_badly_) return;
  const bool flood = taken == NGHTTP2_ERR_FLOODED;
  end_badly(flood ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR, nghttp2_strerror(static_cast<int>(taken)));
}

bool h2_session::collect(std::string& out, std::size_t enough, time_point now) {
  now_ = now;
  const auto before = out.size();
  collecting_ = &out;
  while (out.size() < enough) {
    const std::uint8_t* data = nullptr;
    paused_ = false;
    const auto size = nghttp2_session_mem_send(session_.get(), &data);
    if (size > 0) out.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    if (size > 0 || (size == 0 && paused_)) continue;
    if (size < 0 && !ended_badly_) end_badly(NGHTTP2_INTERNAL_ERROR, nghttp2_strerror(static_cast<int>(size)));
    if (size == 0 || out.size() == before) break;
  }
  collecting_ = nullptr;
  return out.size() > before;
}

std::optional<h2_event> h2_session::next_event() {
  const bool begins = !requests_.empty() && may_begin();
  const bool due = event_at_ == events_.size() || told_ >= streams_.size();
  told_ = begins && !due ? told_ + 1 : 0;
  if (begins && due) {
    auto* const next = requests_.front();
    requests_.erase(requests_.begin());
    next->held_by_owner = true;
    return h2_event{h2_event::kind::request, next};
  }
  if (event_at_ == events_.size()) return std::nullopt;
  const auto next = events_[event_at_++];
  // What has been told leaves before it is all, for others may come as fast as they are told.
  if (2 * event_at_ >= events_.size()) {
    events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(event_at_));
    event_at_ = 0;
  }
  return next;
}

h2_stream* h2_session::find(std::int32_t id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

void h2_session::submit(h2_stream& to, const h2_head& head, bool body) {
  std::vector<nghttp2_nv> all;
  all.reserve(head.fields.size());
  for (std::size_t at = 0; at < head.fields.size(); ++at) {
    all.push_back(name_value(head.fields[at].name, head.fields[at].value));
  }
  nghttp2_data_provider from{};
  from.source.ptr = &to;
  from.read_callback = callbacks::read_body;
  to.answered = true;
  to.ready_at = stalls_;
  nghttp2_submit_response(session_.get(), to.id, all.data(), all.size(), body ? &from : nullptr);
}

void h2_session::respond(h2_stream& to, const h2_head& head, std::string body) {
  if (!to.open) return;
  to.piece = head.body ? std::move(body) : std::string();
  to.ended = true;
  unsent_ += to.piece.size();
  submit(to, head, head.body);
}

void h2_session::respond_in_pieces(h2_stream& to, const h2_head& head) {
  if (!to.open) return;
  to.from_source = true;
  submit(to, head, true);
}

void h2_session::give_piece(h2_stream& to, std::string piece) {
  if (!to.open) return;
  to.piece = std::move(piece);
  to.taken = 0;
  to.starving = false;
  to.ready_at += stalls_ - to.starved_at;
  nghttp2_session_resume_data(session_.get(), to.id);
}

void h2_session::end_body(h2_stream& to) {
  if (!to.open) return;
  to.ended = true;
  to.starving = false;
  to.ready_at += stalls_ - to.starved_at;
  nghttp2_session_resume_data(session_.get(), to.id);
}

void h2_session::reset(h2_stream& on, std::uint32_t code) {
  if (on.open) nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, on.id, code);
}

void h2_session::break_off(h2_stream& to) { reset(to, NGHTTP2_INTERNAL_ERROR); }

void h2_session::release(h2_stream& which) {
  give_back(which, 0);
  which.held_by_owner = false;
  if (!which.open) return forget(which);
  repay();
}

// A stream is closed, by whomever. Whoever works on it is told; one that nobody works on goes at once.
void h2_session::closed(h2_stream& on) {
  on.open = false;
  on.starving = false;
  if (std::exchange(on.left_open, false)) --left_open_;
  if (!on.from_source) unsent_ -= on.piece.size();
  on.piece = std::string();
  if (on.held_by_owner) {
    on.over = on.complete;
    if (on.over) ++over_;
    events_.push_back({h2_event::kind::closed, &on});
  } else {
    tell_broken_off(on);
    forget(on);
  }
}

// Gone before it came to anybody: taken back or cut off before it was whole, or reset for what nghttp2 found in its
// head.
void h2_session::tell_broken_off(h2_stream& on) const {
  if (on.answered || !options_.on_answer) return;
  if (!on.asked.head_is_whole() && !on.asked.failure()) return;
  answer_notes notes;
  notes.incomplete = true;
  on.asked.message().connection = info_;
  const bool known = on.body_began != time_point();
  options_.on_answer(line_of(on.asked.message()), notes, 0, 0, known ? now_ - on.body_began : duration());
}

void h2_session::forget(h2_stream& which) {
  give_back(which, 0);
  if (which.over) --over_;
  requests_.erase(std::remove(requests_.begin(), requests_.end(), &which), requests_.end());
  // What is still to be told of it has nobody to be told to.
  const auto untold = events_.begin() + static_cast<std::ptrdiff_t>(event_at_);
  const auto is_of_it = [&](const h2_event& one) { return one.stream == &which; };
  events_.erase(std::remove_if(untold, events_.end(), is_of_it), events_.end());
  streams_.erase(which.id);
  repay();
}

void h2_session::abandon() {
  for (auto at = streams_.begin(); at != streams_.end();) {
    auto& each = *(at++)->second;
    if (each.open) closed(each);
  }
}

bool h2_session::over() const {
  return nghttp2_session_want_read(session_.get()) == 0 && nghttp2_session_want_write(session_.get()) == 0;
}

void h2_session::terminate() { nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR); }

void h2_session::end_badly(std::uint32_t code, std::string why) {
  if (std::exchange(ended_badly_, true)) return;
  fault_ = std::move(why);
  nghttp2_session_terminate_session(session_.get(), code);
}

// Two steps (RFC 9113 section 6.8): what the client sends before it has heard the first is served.
void h2_session::begin_shutdown(time_point now) {
  if (std::exchange(shutting_down_, true)) return;
  shutdown_began_ = now;
  nghttp2_submit_shutdown_notice(session_.get());
}

void h2_session::finish_shutdown() {
  shutting_down_ = true;
  if (std::exchange(last_stream_told_, true)) return;
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_.get()),
                        NGHTTP2_NO_ERROR, nullptr, 0);
}

}  // namespace mutual::http
