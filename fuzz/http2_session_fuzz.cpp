// An HTTP/2 connection, from any bytes. Held to: the same bytes mean the same however they are cut; what reaches a
// handler keeps the rules of HTTP/1.1; what is held in memory is bounded; the session never says more than it was
// asked.

#include "base/text.hpp"
#include "http/grammar.hpp"
#include "http/h2_response.hpp"
#include "http/h2_session.hpp"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace mutual::http;
using mutual::connection_info;
using mutual::fields;
using mutual::request;
using mutual::response;

void require(bool holds) {
  if (!holds) std::abort();
}

const std::shared_ptr<const connection_info>& secure() {
  static const auto made = [] {
    auto info = std::make_shared<connection_info>();
    info->secure = true;
    return std::shared_ptr<const connection_info>(info);
  }();
  return made;
}

std::string describe(const fields& all) {
  std::string out;
  for (std::size_t at = 0; at < all.size(); ++at) {
    out.append(all[at].name).append("=").append(all[at].value).append("|");
  }
  return out;
}

void check_rules(const request& message, bool is_tunnel, const limits& bounds) {
  require(is_known_method(message.method) && message.version_major == 2);
  require(message.target == "*" || (message.target.starts_with('/') && is_path_and_query(message.target)));
  require(message.target.size() <= bounds.target_bytes);
  require(message.headers.count("Host") == 1 && is_authority(*message.headers.get("Host")));
  require(message.headers.count("Content-Length") <= 1 && message.headers.count("Cookie") <= 1);
  require(message.headers.size() + message.trailers.size() <= bounds.field_count + 2);
  require(message.body.size() <= bounds.body_bytes);
  // What the client cannot send stands for its wish to have a tunnel (RFC 8441), and for nothing else.
  require(message.headers.count("Upgrade") == (is_tunnel ? 1U : 0U) && !message.trailers.contains("Upgrade"));
  require(!is_tunnel || (message.method == "GET" && message.headers.get("Upgrade") == "websocket"));
  for (const auto* name : {"Connection", "Transfer-Encoding", "Keep-Alive", "Proxy-Connection"}) {
    require(!message.headers.contains(name) && !message.trailers.contains(name));
  }
  for (const auto* all : {&message.headers, &message.trailers}) {
    for (std::size_t at = 0; at < all->size(); ++at) {
      const auto [name, value] = (*all)[at];
      require(is_token(name) && is_field_value(value) && mutual::text::trim(value) == value);
      require(all == &message.headers || is_trailer_allowed(name));
    }
  }
}

// What a session makes of the bytes, given in pieces of that size; everything that is asked is answered.
std::string talk(std::string_view bytes, std::size_t step, const server_options& options) {
  const auto now = std::chrono::steady_clock::time_point(std::chrono::hours(1));
  h2_session session(options, secure());
  std::string told;
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, step == 0 ? bytes.size() : step);
    bytes.remove_prefix(piece.size());
    session.feed(piece, now);
    while (const auto event = session.next_event()) {
      auto& on = *event->stream;
      if (event->what == h2_event::kind::closed || !on.open) {
        session.release(on);
        continue;
      }
      if (event->what != h2_event::kind::request) continue;
      const auto& message = on.asked.message();
      if (on.asked.failure()) {
        told += std::to_string(on.asked.failure()->status) + "\n";
        require(on.asked.failure()->status >= 400 && !on.asked.failure()->detail.empty());
      } else {
        check_rules(message, on.asked.is_tunnel(), options.limits);
        told += message.method + message.target + "|" + describe(message.headers) + message.body + "|" +
                describe(message.trailers) + "\n";
      }
      const auto head = make_h2_head(response(200, "hello"), message.method == "HEAD", "today");
      session.respond(on, *head, "hello");
    }
    require(session.streams() <= options.most_streams);
    std::string out;
    // Only at the end: what is said meanwhile, and what closes by it, would depend on how the bytes are cut.
    if (bytes.empty()) {
      while (session.collect(out, 1'000, now)) {
        require(out.size() < 40'000);
        out.clear();
      }
    }
  }
  session.abandon();
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  bytes.append(reinterpret_cast<const char*>(data), size);
  server_options tight;
  tight.limits.head_bytes = 300;
  tight.limits.field_count = 6;
  tight.limits.target_bytes = 40;
  tight.limits.body_bytes = 24;
  tight.limits.trailer_bytes = 40;
  tight.most_streams = 4;
  for (const auto& options : {server_options(), tight}) {
    const auto whole = talk(bytes, 0, options);
    for (const std::size_t step : {1U, 7U, 64U}) (void)talk(bytes, step, options);
    require(talk(bytes, 0, options) == whole);
  }
  return 0;
}
