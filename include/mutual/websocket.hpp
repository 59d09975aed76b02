#pragma once
// websocket: messages both ways over one connection (RFC 6455).

#include <mutual/request.hpp>
#include <mutual/response.hpp>
#include <mutual/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mutual {

namespace detail {
class websocket_session;
struct websocket_outbox;
}  // namespace detail

/// One message, whole.
struct websocket_message {
  std::string data;
  bool text = true;  ///< It is UTF-8, which has been checked; else bytes.
};

/// A way to send to a WebSocket from elsewhere: another handler, another thread, at any time. Copies send to the same
/// one. Safe to use from any thread.
class websocket_sender {
 public:
  /// Sends a text, soon and in order. False if the socket is closed, or if so much waits that its reader has fallen
  /// behind (`websocket_options::waiting_bytes`): then the text is not sent.
  bool post(std::string text) const;

 private:
  friend class websocket;
  explicit websocket_sender(std::shared_ptr<detail::websocket_outbox> box) : box_(std::move(box)) {}
  std::shared_ptr<detail::websocket_outbox> box_;
};

/// An open WebSocket, in the task that it was accepted with. Pings are answered, and sent to a client that is silent;
/// one that does not answer is taken for gone.
class websocket {
 public:
  explicit websocket(detail::websocket_session& session) : session_(session) {}

  /// The next message; nothing once it is closed, by either side or by the server's stop. What others have posted goes
  /// out meanwhile.
  task<std::optional<websocket_message>> receive();

  /// Sends a text (which must be UTF-8), or bytes. False once it is closed.
  task<bool> send(std::string text);
  task<bool> send_bytes(std::string bytes);

  /// Closes it: 1000 is the code for an end as intended, 4000 to 4999 are an application's own. The reason may have 123
  /// bytes.
  task<> close(std::uint16_t code = 1000, std::string_view reason = {});

  /// For sending to it from elsewhere.
  websocket_sender sender() const;

 private:
  detail::websocket_session& session_;
};

struct websocket_options {
  std::size_t message_bytes = 1024 * 1024;  ///< The largest message taken; a larger one closes (1009).
  std::size_t waiting_bytes = 1024 * 1024;  ///< How much may wait in all for a client that reads slowly.
  std::chrono::seconds ping{30};            ///< Silence before the client is asked; twice that, and it is gone.
  /// Pages of other sites may connect, too. A browser shows the visitor's certificate whoever wrote the page, so leave
  /// this off unless the messages are for everybody.
  bool other_origins = false;
};

/// The answer to a request for a WebSocket; `talk` is called when it is open, and it is closed when that has ended.
/// What the closure has captured lives as long as the task. Anybody else's request is told 426 (over HTTP/2 400), one
/// with a key that is none, 400; a page of another site, 403.
///
///     app.get("/echo", [](const mutual::request& incoming, const mutual::peer&) {
///       return mutual::accept_websocket(incoming, [](mutual::websocket& socket) -> mutual::task<> {
///         while (auto message = co_await socket.receive()) co_await socket.send(message->data);
///       });
///     });
response accept_websocket(const request& incoming, std::function<task<>(websocket&)> talk,
                          websocket_options options = {});

}  // namespace mutual
