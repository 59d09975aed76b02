// How a connection's answers go out that come from a source.

#include "http/connection.hpp"
#include "http/response_writer.hpp"
#include "net/end_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace mutual::http {

// What is large goes straight from where it is to where it is sealed, by way of memory that the thread's connections
// share; the head goes with its beginning. Only what was not taken at once is kept, for the time that it takes.
task<bool> connection::send_filled(const filling_source& source, std::size_t length) {
  while (body_sent_ < length) {
    const auto room = stream_.socket().owner().clear();
    const auto head = out_.size() < room.size() / 2 ? out_.size() : 0;
    auto filling = source.fill(room.subspan(head, std::min(room.size() - head, length - body_sent_)));
    const auto got = co_await filling;
    if (got == 0) break;
    if (head == 0 && !out_.empty()) {
      const std::string kept(room.data(), got);
      bool sent = co_await write_out();
      if (!sent) co_return false;
      sent = co_await write(kept);
      if (!count_body(got, sent)) co_return false;
      continue;
    }
    // Only now: others may have used the room while the file was waited for.
    std::copy(out_.begin(), out_.end(), room.begin());
    give_back(out_);
    std::string_view bytes(room.data(), head + got);
    const auto result = stream_.try_write(bytes);
    if (result.status == tls::io_status::ok) {
      bytes.remove_prefix(result.bytes);
      reading_.taken += result.bytes;
    } else if (result.status != tls::io_status::would_block) {
      co_return false;
    }
    if (!bytes.empty() || stream_.has_unsent()) {
      std::string left(bytes);
      const bool sent = co_await write(left);
      if (!count_body(got, sent)) co_return false;
    } else {
      count_body(got, true);
    }
  }
  co_return true;
}

// Nobody reads any more what the source gives: it goes where it waits, with all that it holds. One that reads the
// request's body meanwhile hears of it there.
void connection::reader_is_gone() {
  reader_gone_ = true;
  if (asking_ != nullptr && !reads_body_) std::exchange(asking_, nullptr)->give_up();
}

// The next piece is asked for when the last has been taken by the network: a slow reader slows the source. A reader
// that says nothing more may read on, unless there is no end to wait for. To give up a source that has one could be to
// keep all of this thread waiting for work of a worker that has begun, a disk's for one.
task<bool> connection::send_pieces(response& made, body_kind kind) {
  bool whole = false;
  bool sent = true;
  bool broken = false;
  std::size_t too_much = 0;
  std::optional<net::end_watch> watch;
  reader_gone_ = false;
  try {
    if (const auto* filling = made.source.target<filling_source>(); filling != nullptr && kind == body_kind::length) {
      auto sending = send_filled(*filling, made.length.value_or(0));
      sent = co_await sending;
      whole = true;
    }
    // A head goes out before its body's first piece is there, which may take long.
    if (sent) sent = co_await write_out();
    if (!whole && made.endless) watch.emplace(stream_.socket(), [this] { reader_is_gone(); });
    while (sent && !whole && !reader_gone_) {
      abandonable_for<std::optional<std::string>> asking(made.source());
      asking_ = &asking;
      const auto came = co_await asking;
      asking_ = nullptr;
      if (!came) break;
      const auto& piece = *came;
      whole = !piece;
      if (whole) continue;
      if (kind == body_kind::length && body_sent_ + piece->size() > made.length.value_or(0)) {
        too_much = piece->size();
        break;
      }
      if (piece->empty()) {
        // Nothing to send: a chunk without bytes would be the last (RFC 9112 section 7.1). But it counts.
      } else if (kind == body_kind::chunked) {
        write_chunk(out_, *piece);
        sent = co_await write_out();
        count_body(piece->size(), sent, std::string_view("\r\n").size());
      } else {
        sent = co_await write(*piece);
        count_body(piece->size(), sent);
      }
      if (!sent || !row_is_over()) continue;
      auto others = stream_.socket().owner().yield();
      co_await others;
    }
  } catch (const std::exception& thrown) {
    options_.log.error(fmt::format("the body of an answer broke off: {}", thrown.what()));
    broken = true;
  } catch (...) {
    options_.log.error("the body of an answer broke off");
    broken = true;
  }
  asking_ = nullptr;
  if (broken) co_await write_out();  // the answers before it are whole
  if (broken || !sent || (reader_gone_ && !whole)) co_return false;
  const auto given = body_sent_ + too_much;
  if (kind == body_kind::length && given != made.length.value_or(0)) {
    options_.log.error(fmt::format("an answer promised {} bytes and gave {}", made.length.value_or(0), given));
    co_return false;
  }
  if (kind != body_kind::chunked) co_return true;
  write_last_chunk(out_);
  const bool ended = co_await write_out();
  co_return ended;
}

}  // namespace mutual::http
