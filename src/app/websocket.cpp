#include "app/origin.hpp"
#include "app/websocket_session.hpp"
#include "base/characters.hpp"
#include "base/text.hpp"
#include "http/websocket_key.hpp"

#include <mutual/problem.hpp>
#include <mutual/websocket.hpp>

#include <optional>
#include <stdexcept>

namespace mutual {
namespace {

using http::websocket_opcode;

bool is_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = text::utf8_length(bytes, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

// Over HTTP/2 nothing is switched, and no key is needed: a stream becomes the WebSocket (RFC 8441 section 5).
bool is_over_h2(const request& incoming) { return incoming.version_major == 2; }

// What a request lacks to ask for a WebSocket as it is spoken here; empty if nothing.
std::string_view lack_of(const request& incoming) {
  if (incoming.method != "GET") return "a WebSocket is opened with GET";
  if (incoming.version_major == 1 && incoming.version_minor == 0) return "a WebSocket needs HTTP/1.1";
  const bool asks = incoming.headers.has_token("Upgrade", "websocket");
  if (is_over_h2(incoming)) {
    if (!asks) return "this path speaks WebSocket: over HTTP/2 that is CONNECT with :protocol websocket (RFC 8441)";
  } else if (!asks || !incoming.headers.has_token("Connection", "upgrade")) {
    return "this path speaks WebSocket: the request must say Connection: Upgrade and Upgrade: websocket";
  }
  if (incoming.headers.count("Sec-WebSocket-Version") != 1 || incoming.header("Sec-WebSocket-Version") != "13") {
    return "only version 13 of WebSocket is spoken here";
  }
  return {};
}

bool has_key(const request& incoming) {
  return incoming.headers.count("Sec-WebSocket-Key") == 1 &&
         http::is_websocket_key(*incoming.header("Sec-WebSocket-Key"));
}

// The answer to a request that is none for a WebSocket (RFC 6455 section 4.2.1).
std::optional<response> refusal_of(const request& incoming) {
  const auto refused = [](int status, std::string_view why) {
    return problem(status, std::string(why)).to_response().with("Sec-WebSocket-Version", "13");
  };
  if (const auto lack = lack_of(incoming); !lack.empty()) {
    // RFC 6455 section 4.2.2; RFC 9110 section 7.8 has no Upgrade over HTTP/2.
    if (is_over_h2(incoming)) return refused(400, lack);
    return refused(426, lack).with("Upgrade", "websocket");
  }
  // Another protocol or version would not mend that.
  if (!is_over_h2(incoming) && !has_key(incoming)) {
    return refused(400, "the request has no Sec-WebSocket-Key of sixteen bytes in base64");
  }
  return std::nullopt;
}

task<> serve(std::function<task<>(websocket&)> talk, websocket_options options, tunnel& under) {
  detail::websocket_session session(under, options);
  websocket socket(session);
  std::exception_ptr thrown;
  try {
    task<> work = talk(socket);
    co_await work;
  } catch (...) {
    thrown = std::current_exception();
  }
  const auto code = thrown ? http::websocket_code::internal : http::websocket_code::normal;
  co_await session.close(code, std::string_view());
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace

bool websocket_sender::post(std::string text) const {
  if (!is_utf8(text)) throw std::invalid_argument("a text for a WebSocket must be UTF-8");
  const std::scoped_lock lock(box_->guard);
  const auto cost = detail::websocket_outbox::cost(text);
  if (!box_->wake || cost > box_->most_bytes - box_->bytes) return false;
  box_->bytes += cost;
  box_->waiting.push_back(std::move(text));
  if (box_->waiting.size() == 1) box_->wake();
  return true;
}

task<std::optional<websocket_message>> websocket::receive() { return session_.receive(); }

task<bool> websocket::send(std::string text) {
  if (!is_utf8(text)) throw std::invalid_argument("a text for a WebSocket must be UTF-8: use send_bytes");
  return session_.send(websocket_opcode::text, std::move(text));
}

task<bool> websocket::send_bytes(std::string bytes) {
  return session_.send(websocket_opcode::binary, std::move(bytes));
}

task<> websocket::close(std::uint16_t code, std::string_view reason) {
  if (!http::is_websocket_code(code)) {
    throw std::invalid_argument("a WebSocket is closed with a code of 1000 to 1014 or 3000 to 4999");
  }
  return session_.close(code, reason);
}

websocket_sender websocket::sender() const { return websocket_sender(session_.outbox()); }

response accept_websocket(const request& incoming, std::function<task<>(websocket&)> talk, websocket_options options) {
  if (auto refused = refusal_of(incoming)) return *std::move(refused);
  if (!options.other_origins && !is_of_this_origin(incoming)) {
    return problem::forbidden(
               "a page of another site asked for this WebSocket; it is opened only for pages of this one, "
               "and for programs")
        .to_response();
  }
  response made(is_over_h2(incoming) ? 200 : 101);
  if (!is_over_h2(incoming)) {
    made.headers.set("Upgrade", "websocket");
    made.headers.set("Sec-WebSocket-Accept", http::websocket_accept(*incoming.header("Sec-WebSocket-Key")));
  }
  made.takeover = [talk = std::move(talk), options](tunnel& under) { return serve(talk, options, under); };
  return made;
}

}  // namespace mutual
