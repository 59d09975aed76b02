#include "http/h2_session_callbacks.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>

namespace mutual::http {
namespace {

// A frame with its head fills one TLS record (RFC 8446 section 5.1).
constexpr ssize_t data_frame_bytes = 16 * 1024 - 9;
// A header that fits our limits fits a few frames, and is smaller compressed than it is plain, but for some bytes.
// Fewer than nghttp2's own limit, where it has one: the reason is ours to tell.
constexpr std::size_t most_continuations = 7;

h2_session& of(void* self) { return *static_cast<h2_session*>(self); }

h2_stream* stream_of(nghttp2_session* session, std::int32_t id) {
  return static_cast<h2_stream*>(nghttp2_session_get_stream_user_data(session, id));
}

std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Why nghttp2 ends a session by itself, in its words.
std::string goaway_text(const nghttp2_goaway& said) {
  std::string text = "what it sent breaks the rules of HTTP/2 (";
  text += nghttp2_http2_strerror(said.error_code);
  if (said.opaque_data_len > 0) text += ": " + text::printable(view(said.opaque_data, said.opaque_data_len), 128);
  return text + ")";
}

// A trailer that nobody will look at: of a body that is not wanted, or was not waited for; and of a tunnel, which has
// none, and whose request a handler may be reading on another thread.
bool is_ignored(const h2_stream& of, const nghttp2_frame& frame) {
  return frame.headers.cat != NGHTTP2_HCAT_REQUEST && (of.unread || of.complete || of.asked.is_tunnel());
}

}  // namespace

const nghttp2_session_callbacks* h2_session::callbacks::all() {
  struct owned {
    owned() {
      if (nghttp2_session_callbacks_new(&made) != 0) throw std::bad_alloc();
    }
    ~owned() { nghttp2_session_callbacks_del(made); }
    owned(const owned&) = delete;
    owned& operator=(const owned&) = delete;
    nghttp2_session_callbacks* made = nullptr;
  };
  static const owned kept;
  static const bool filled = [] {
    auto* made = kept.made;
    nghttp2_session_callbacks_set_on_begin_frame_callback(made, begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(made, header);
    // Left to itself, nghttp2 would drop a field that it cannot take, and go on without it.
    nghttp2_session_callbacks_set_on_invalid_header_callback(made, invalid_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, data_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, frame_received);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, invalid_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(made, frame_not_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, stream_closed);
    nghttp2_session_callbacks_set_data_source_read_length_callback(made, frame_size);
    nghttp2_session_callbacks_set_send_data_callback(made, send_body);
    return true;
  }();
  (void)filled;
  return kept.made;
}

// Whether the client has begun that stream, and it is closed; somebody may work on it still.
bool h2_session::callbacks::is_over(const h2_session& session, std::int32_t id) {
  if (id == 0 || id > session.newest_) return false;
  const auto* stream = session.find(id);
  return stream == nullptr || !stream->open;
}

// What nghttp2 looks no further at, and tells nobody of: what means nothing here, and what is for streams that are
// closed already. Some of it crosses with the end of an answer; a flood does not. DATA for those is dropped before
// this, too.
std::optional<h2_nuisance> h2_session::callbacks::unheard(const h2_session& session, const nghttp2_frame_hd& head) {
  if (head.type == NGHTTP2_PRIORITY) return h2_nuisance::priority;
  if (!is_over(session, head.stream_id)) return std::nullopt;
  if (head.type == NGHTTP2_WINDOW_UPDATE) return h2_nuisance::small_window;
  return head.type == NGHTTP2_HEADERS ? std::optional(h2_nuisance::late_headers) : std::nullopt;
}

// Every frame of a known type is seen here first, CONTINUATION too, before any of its payload.
int h2_session::callbacks::begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* self) noexcept {
  auto& session = of(self);
  if (const auto what = unheard(session, *head); what && !session.suffer(*what)) return NGHTTP2_ERR_CALLBACK_FAILURE;
  if (head->type == NGHTTP2_HEADERS) {
    // Of a block for a stream that is closed already nothing more is told, its end included: it is not waited for.
    const bool ignored = is_over(session, head->stream_id);
    const bool is_whole = (head->flags & NGHTTP2_FLAG_END_HEADERS) != 0;
    session.block_began_ = ignored && is_whole ? std::nullopt : std::optional(session.now_);
    session.block_frames_ = session.block_bytes_ = session.block_plain_ = 0;
  } else if (head->type != NGHTTP2_CONTINUATION) {
    session.block_began_.reset();
    return 0;
  } else {
    ++session.block_frames_;
  }
  session.block_bytes_ += head->length;
  const auto most_bytes = 2 * session.bounds_.head_bytes + std::size_t{16} * 1024;
  if (session.block_frames_ <= most_continuations && session.block_bytes_ <= most_bytes) return 0;
  session.end_badly(NGHTTP2_ENHANCE_YOUR_CALM, "a header that does not end (CONTINUATION flood)");
  return NGHTTP2_ERR_CALLBACK_FAILURE;
}

int h2_session::callbacks::begin_headers(nghttp2_session* native, const nghttp2_frame* frame, void* self) noexcept {
  auto& session = of(self);
  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  const auto id = frame->hd.stream_id;
  session.newest_ = std::max(session.newest_, id);
  // Also those count that the client has reset and that are worked on still: resetting makes no room. Those do not
  // whose ends the client has seen, and their owner has yet to hear of.
  if (session.streams_.size() - session.over_ >= session.options_.most_streams) {
    nghttp2_submit_rst_stream(native, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  auto made = std::make_unique<h2_stream>(id, session.bounds_, session.info_->secure);
  nghttp2_session_set_stream_user_data(native, id, made.get());
  session.streams_.emplace(id, std::move(made));
  return 0;
}

int h2_session::callbacks::header(nghttp2_session* native, const nghttp2_frame* frame, const std::uint8_t* name,
                                  std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                                  std::uint8_t, void* self) noexcept {
  // A byte on the wire can stand for a field of thousands (RFC 7541 section 7.3): what it comes to is counted too.
  auto& session = of(self);
  session.block_plain_ += name_size + value_size;
  if (session.block_plain_ > 4 * session.bounds_.head_bytes + std::size_t{64} * 1024) {
    session.end_badly(NGHTTP2_ENHANCE_YOUR_CALM, "a header that is far larger than it was sent (HPACK bomb)");
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  auto* stream = stream_of(native, frame->hd.stream_id);
  if (stream == nullptr || is_ignored(*stream, *frame)) return 0;
  if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    stream->asked.head_field(view(name, name_size), view(value, value_size));
  } else {
    stream->asked.trailer_field(view(name, name_size), view(value, value_size));
  }
  return 0;
}

// Our own judgement says why, if it comes to the same.
int h2_session::callbacks::invalid_header(nghttp2_session* native, const nghttp2_frame* frame, const std::uint8_t* name,
                                          std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                                          std::uint8_t flags, void* self) noexcept {
  if (const int failed = header(native, frame, name, name_size, value, value_size, flags, self); failed != 0)
    return failed;
  auto* stream = stream_of(native, frame->hd.stream_id);
  if (stream != nullptr && !is_ignored(*stream, *frame)) stream->asked.fail(400, "A header field is not valid.");
  return 0;
}

int h2_session::callbacks::data_chunk(nghttp2_session* native, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                                      std::size_t size, void* self) noexcept {
  auto& session = of(self);
  nghttp2_session_consume_connection(native, size);
  if (auto* stream = stream_of(native, id)) session.take_data(*stream, view(data, size));
  return 0;
}

int h2_session::callbacks::frame_received(nghttp2_session* native, const nghttp2_frame* frame, void* self) noexcept {
  auto& session = of(self);
  const bool acknowledges = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
  const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  auto* stream = frame->hd.stream_id != 0 ? stream_of(native, frame->hd.stream_id) : nullptr;
  bool bearable = true;
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
      session.block_began_.reset();
      if (stream == nullptr) break;
      if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) session.head_is_there(*stream, !ends);
      if (ends) session.request_is_whole(*stream);
      break;
    case NGHTTP2_DATA:
      if (frame->hd.length == frame->data.padlen && !ends) bearable = session.suffer(h2_nuisance::empty_data);
      if (stream != nullptr && ends) session.request_is_whole(*stream);
      break;
    case NGHTTP2_RST_STREAM:
      if (stream == nullptr || !stream->complete) bearable = session.suffer(h2_nuisance::client_reset);
      break;
    case NGHTTP2_SETTINGS:
      if (!acknowledges) bearable = session.suffer(h2_nuisance::settings);
      break;
    case NGHTTP2_PING:
      if (!acknowledges) bearable = session.suffer(h2_nuisance::ping);
      if (acknowledges && session.shutting_down_) session.finish_shutdown();
      break;
    case NGHTTP2_WINDOW_UPDATE:
      bearable = session.suffer(h2_nuisance::small_window);
      break;
    default:
      break;
  }
  return bearable ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

// A header that nghttp2 resets by itself: so that the log can tell of it when the stream is closed.
int h2_session::callbacks::invalid_frame(nghttp2_session* native, const nghttp2_frame* frame, int, void*) noexcept {
  if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  if (auto* stream = stream_of(native, frame->hd.stream_id); stream != nullptr && !stream->handed_over) {
    stream->asked.fail(400, "The header is not valid.");
  }
  return 0;
}

int h2_session::callbacks::frame_sent(nghttp2_session* native, const nghttp2_frame* frame, void* self) noexcept {
  auto& session = of(self);
  if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR) {
    return session.suffer(h2_nuisance::provoked_reset) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR && session.fault_.empty()) {
    session.fault_ = goaway_text(frame->goaway);
  }
  // Its answer shows that the client has read the notice.
  if (frame->hd.type == NGHTTP2_GOAWAY && session.shutting_down_ && !session.last_stream_told_) {
    nghttp2_submit_ping(native, NGHTTP2_FLAG_NONE, nullptr);
  }
  if (frame->hd.type == NGHTTP2_DATA) session.patience_.expect_room();
  const bool ends = (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
                    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (!ends) return 0;
  session.patience_.thank();
  if (auto* stream = stream_of(native, frame->hd.stream_id)) {
    stream->complete = true;
    if (nghttp2_session_get_stream_remote_close(native, stream->id) == 0) session.leave_open(*stream);
  }
  return 0;
}

// A head that is larger than nghttp2 sends: the client must not wait for it.
int h2_session::callbacks::frame_not_sent(nghttp2_session* native, const nghttp2_frame* frame, int, void*) noexcept {
  if (frame->hd.type != NGHTTP2_HEADERS || stream_of(native, frame->hd.stream_id) == nullptr) return 0;
  nghttp2_submit_rst_stream(native, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_INTERNAL_ERROR);
  return 0;
}

int h2_session::callbacks::stream_closed(nghttp2_session* native, std::int32_t id, std::uint32_t, void* self) noexcept {
  auto& session = of(self);
  session.block_began_.reset();
  if (auto* stream = stream_of(native, id)) session.closed(*stream);
  return 0;
}

ssize_t h2_session::callbacks::frame_size(nghttp2_session*, std::uint8_t, std::int32_t, std::int32_t, std::int32_t,
                                          std::uint32_t, void*) noexcept {
  return data_frame_bytes;  // nghttp2 lowers it to what the client has room for
}

ssize_t h2_session::callbacks::read_body(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t size,
                                         std::uint32_t* flags, nghttp2_data_source* source, void* self) noexcept {
  auto& stream = *static_cast<h2_stream*>(source->ptr);
  const auto left = stream.piece.size() - stream.taken;
  if (left == 0 && !stream.ended) {
    stream.starving = true;
    stream.starved_at = of(self).stalls_;
    of(self).events_.push_back({h2_event::kind::wants_piece, &stream});
    return NGHTTP2_ERR_DEFERRED;
  }
  const auto now = std::min(left, size);
  if (now > 0) *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (stream.ended && now == left) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(now);
}

int h2_session::callbacks::send_body(nghttp2_session*, nghttp2_frame*, const std::uint8_t* head, std::size_t size,
                                     nghttp2_data_source* source, void* self) noexcept {
  constexpr std::size_t head_bytes = 9;
  auto& session = of(self);
  auto& stream = *static_cast<h2_stream*>(source->ptr);
  session.collecting_->append(view(head, head_bytes)).append(stream.piece, stream.taken, size);
  stream.taken += size;
  stream.sent += size;
  session.paused_ = true;  // so that no more is collected than was asked for
  return NGHTTP2_ERR_PAUSE;
}

}  // namespace mutual::http
