// What happens when a handler takes the connection over: HTTP steps aside (RFC 9110 section 7.8).

#include "http/connection.hpp"
#include "http/own_answer.hpp"
#include "http/response_writer.hpp"

#include <mutual/tunnel.hpp>

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace mutual::http {
namespace {

// How long a read waits before whoever asked may look after other things.
constexpr auto a_while = std::chrono::seconds(10);

}  // namespace

// Sends the head, and leaves the rest to the handler's task.
task<> connection::hand_over(response& made, const response_terms& terms) {
  const auto head = write_switching_head(out_, made, guide_.date());
  if (!head) {
    options_.log.error(fmt::format("an answer could not be sent: {}", head.error().message()));
    made = own_answer(500, "the server could not answer this request");
    co_await send(made, terms, false);
    co_return;
  }
  reading_ = {};
  sent_whole_ = co_await write_out();
  if (!sent_whole_) co_return;
  tunnel under;
  under.read = [this] { return read_tunnel(); };
  under.write = [this](std::string bytes) { return write_tunnel(std::move(bytes)); };
  under.pause = [this] { return pause_tunnel(); };
  under.nudge = [this] { nudge(); };
  under.stopping = guide_.stopping;
  in_tunnel_ = true;
  try {
    task<> talk = made.takeover(under);
    co_await talk;
  } catch (const std::exception& thrown) {
    options_.log.error(fmt::format("what had taken a connection over ended with an error: {}", thrown.what()));
  } catch (...) {
    options_.log.error("what had taken a connection over ended with an error");
  }
  in_tunnel_ = false;
}

task<tunnel::arrival> connection::read_tunnel() {
  // Who has taken all that there was has its whole time again.
  reading_ = {};
  tunnel::arrival came;
  stream_.socket().set_deadline(a_while);
  for (;;) {
    if (guide_.sent_away()) {
      came.what = tunnel::news::ended;
      co_return came;
    }
    // What came with the request's head, or right behind it, is the tunnel's already.
    if (taken_ < pending_.size()) {
      came.what = tunnel::news::bytes;
      came.bytes = pending_.substr(taken_);
      take(came.bytes.size());
      co_return came;
    }
    if (std::exchange(nudged_, false)) co_return came;
    const auto scratch = stream_.socket().owner().scratch();
    const auto got = stream_.try_read(scratch);
    if (got.status == tls::io_status::ok) {
      pending_.append(scratch.data(), got.bytes);
      if (!row_is_over()) continue;
      auto others = stream_.socket().owner().yield();
      co_await others;
      continue;
    }
    came.what = tunnel::news::ended;
    if (got.status != tls::io_status::would_block) co_return came;
    const auto woken = co_await stream_.wait();
    in_a_row_ = 0;
    if (woken == net::wait_status::cancelled) co_return came;
    came.what = tunnel::news::nothing;
    if (woken == net::wait_status::timed_out) co_return came;
  }
}

task<bool> connection::write_tunnel(std::string bytes) {
  const bool sent = co_await write(bytes);
  count_body(bytes.size(), sent);
  if (!sent || !row_is_over()) co_return sent;
  auto others = stream_.socket().owner().yield();
  co_await others;
  co_return sent;
}

task<bool> connection::pause_tunnel() {
  if (row_is_over()) {
    auto others = stream_.socket().owner().yield();
    co_await others;
  }
  co_return !guide_.sent_away();
}

void connection::nudge() {
  nudged_ = true;
  stream_.socket().nudge();
}

}  // namespace mutual::http
