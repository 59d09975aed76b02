#include "client/connection.hpp"

#include "base/text.hpp"
#include "client/handshake_error.hpp"
#include "client/handshake_facts.hpp"
#include "http/request_writer.hpp"
#include "http/response_writer.hpp"

#include <fmt/format.h>

#include <utility>

namespace mutual::client {
namespace {

using tls::io_status;

constexpr std::size_t recognisable_bytes = 3;

// The start of a TLS record with an alert or a handshake message in it (RFC 8446 section 5.1).
bool looks_like_tls(std::string_view bytes) {
  return bytes.size() >= 2 && (bytes[0] == 0x15 || bytes[0] == 0x16) && bytes[1] == 0x03;
}

}  // namespace

connection::connection(net::loop& on, options how) : loop_(on), how_(std::move(how)), parser_(how_.limits) {}

connection::~connection() = default;

task<bool> connection::write(std::string_view bytes) {
  stream_->socket().set_deadline(how_.timeouts.write);
  auto writing = stream_->write(bytes);
  const auto status = co_await std::move(writing);
  // That the server is gone, or takes no more, is told when its answer is read: it may have said why.
  co_return status == io_status::ok;
}

task<result<>> connection::send(const request& what, body_source* body, std::optional<std::uint64_t> length) {
  if (phase_ != phase::idle) co_return error(errc::internal, "a request was sent on a connection that is not idle");
  request head;
  head.method = what.method;
  head.target = what.target;
  head.headers = what.headers;
  if (!head.headers.contains("Host")) head.headers.set("Host", where_.authority());
  http::request_terms terms;
  if (body != nullptr) {
    terms.body.kind = length ? http::body_kind::length : http::body_kind::chunked;
    terms.body.length = length.value_or(0);
  } else if (!what.body.empty()) {
    terms.body.kind = http::body_kind::length;
    terms.body.length = what.body.size();
  }
  terms.keep_alive = !head.headers.has_token("Connection", "close");
  std::string out;
  if (auto written = http::write_request_head(out, head, terms); !written) co_return std::move(written).error();
  parser_.reset();
  parser_.expect(head.method);
  state_ = http::parse_state::need_more;
  head_done_ = false;
  request_is_whole_ = false;
  closed_while_idle_ = false;
  first_bytes_.clear();
  phase_ = phase::waiting;
  if (!early_.empty()) feed(std::exchange(early_, std::string()));
  if (body == nullptr) out += what.body;
  auto writing = write(out);
  request_is_whole_ = co_await std::move(writing);
  if (request_is_whole_ && body != nullptr) {
    auto sending = send_source(*body, !length);
    request_is_whole_ = co_await std::move(sending);
  }
  co_return result<>();
}

task<bool> connection::send_source(body_source& body, bool chunked) {
  std::string out;
  for (bool more = true; more;) {
    if (answer_has_begun()) co_return false;
    auto asking = body();
    const auto piece = co_await std::move(asking);
    more = piece.has_value();
    if (chunked) {
      out.clear();
      more ? http::write_chunk(out, *piece) : http::write_last_chunk(out);
    } else {
      out = piece.value_or(std::string());
    }
    auto writing = write(out);
    const bool written = co_await std::move(writing);
    if (!written) co_return false;
  }
  co_return true;
}

// Looks, without waiting, whether the server speaks although our request is not whole yet.
bool connection::answer_has_begun() {
  const auto got = stream_->try_read(loop_.scratch());
  if (got.status == io_status::ok) feed({loop_.scratch().data(), got.bytes});
  return got.status != io_status::would_block;
}

void connection::feed(std::string_view bytes) {
  if (first_bytes_.size() < recognisable_bytes) first_bytes_ += bytes.substr(0, recognisable_bytes);
  for (;;) {
    if (state_ == http::parse_state::done) {
      surplus_ = surplus_ || !bytes.empty();
      return;
    }
    const auto [consumed, state] = parser_.feed(bytes);
    state_ = state;
    if (state == http::parse_state::failed) return;
    bytes.remove_prefix(consumed);
    if (state == http::parse_state::head_done) {
      head_done_ = true;
    } else if (state == http::parse_state::need_more) {
      return;
    }
  }
}

task<result<>> connection::read_more(std::chrono::milliseconds limit) {
  stream_->socket().set_deadline(limit);
  auto reading = stream_->read(loop_.scratch());
  const auto got = co_await std::move(reading);
  if (got.status == io_status::ok) {
    feed({loop_.scratch().data(), got.bytes});
    co_return result<>();
  }
  if (got.status == io_status::ended && parser_.finish() == http::parse_state::done) {
    state_ = http::parse_state::done;
    surplus_ = true;  // Nothing more will come of this connection.
    co_return result<>();
  }
  co_return broken(got.status);
}

task<result<response>> connection::receive_head() {
  if (phase_ != phase::waiting) co_return error(errc::internal, "an answer was asked for before a request was sent");
  while (!head_done_) {
    if (state_ == http::parse_state::failed) co_return unreadable();
    auto reading = read_more(how_.timeouts.head);
    auto read = co_await std::move(reading);
    if (!read) {
      phase_ = phase::closed;
      co_return std::move(read).error();
    }
  }
  phase_ = phase::reading;
  auto body = parser_.take_body_piece();
  response head = std::move(parser_.message());
  parser_.message().body = std::move(body);
  co_return head;
}

task<result<std::optional<std::string>>> connection::receive_piece() {
  for (;;) {
    auto piece = parser_.take_body_piece();
    if (!piece.empty()) co_return std::optional<std::string>(std::move(piece));
    if (state_ == http::parse_state::failed) co_return unreadable();
    if (state_ == http::parse_state::done) break;
    if (phase_ != phase::reading) co_return error(errc::internal, "a body was asked for without a head");
    auto reading = read_more(how_.timeouts.idle);
    auto read = co_await std::move(reading);
    if (!read) {
      phase_ = phase::closed;
      co_return std::move(read).error();
    }
  }
  if (phase_ != phase::reading) co_return std::optional<std::string>();
  ++answers_;
  phase_ = parser_.keep_alive() && request_is_whole_ && !surplus_ ? phase::idle : phase::closed;
  co_return std::optional<std::string>();
}

bool connection::reusable() const { return phase_ == phase::idle && !surplus_; }

void connection::close() {
  if (stream_) {
    stream_->say_goodbye();
    stream_->socket().close();
    stream_.reset();
  }
  phase_ = phase::closed;
}

void connection::update_report() {
  if (stream_ && stream_->native() != nullptr)
    fill_report(report_, stream_->native(), facts_, *how_.tls, how_.judged_by);
}

error connection::broken(io_status status) {
  phase_ = phase::closed;
  const auto place = text::printable(where_.authority());
  update_report();
  if (stream_->flooded()) {
    return {errc::protocol, fmt::format("the connection to {} was closed: {}", place, stream_->failure_text())};
  }
  const bool before_any_answer = first_bytes_.empty();
  const bool gone = status == io_status::ended || status == io_status::cut_off;
  if (facts_.alert_received || !report_.finished || status == io_status::failed ||
      (gone && before_any_answer && answers_ == 0 && facts_.asked)) {
    return explain_handshake(status, stream_->failure_code(), facts_.alert_received, report_);
  }
  if (status == io_status::timed_out) {
    return {errc::timed_out, fmt::format("{} did not {} in time", place,
                                         head_done_ ? "send the rest of its answer" : "answer the request")};
  }
  if (gone && before_any_answer) {
    closed_while_idle_ = answers_ > 0;
    return {errc::closed, fmt::format("{} closed the connection without an answer", place)};
  }
  return {errc::closed,
          fmt::format("{} closed the connection in the middle of its answer: what has come is incomplete", place)};
}

error connection::unreadable() {
  phase_ = phase::closed;
  if (!where_.secure && looks_like_tls(first_bytes_)) {
    return {errc::protocol,
            fmt::format("{} speaks TLS on this port: use https://", text::printable(where_.authority()))};
  }
  return {errc::protocol, fmt::format("the answer of {} is refused: {}", text::printable(where_.authority()),
                                      parser_.failure().detail)};
}

}  // namespace mutual::client
