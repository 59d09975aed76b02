#pragma once
// websocket_session: one WebSocket over a tunnel, from the moment it is open.

#include "http/websocket_reader.hpp"

#include <mutual/task.hpp>
#include <mutual/tunnel.hpp>
#include <mutual/websocket.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::detail {

/// What others have posted, until the session's own task sends it.
struct websocket_outbox {
  /// What a text takes up while it waits; an empty one is not free.
  static std::size_t cost(const std::string& text) { return text.size() + sizeof(std::string) + 16; }

  std::mutex guard;
  std::vector<std::string> waiting;  ///< Guarded, as all below.
  std::size_t bytes = 0;             ///< In `waiting`, and being sent, by their cost.
  std::size_t most_bytes = 0;        ///< More are not taken.
  std::function<void()> wake;        ///< Callable from any thread; null once the session is closed.
};

class websocket_session {
 public:
  websocket_session(tunnel& under, const websocket_options& options);
  ~websocket_session();
  websocket_session(const websocket_session&) = delete;
  websocket_session& operator=(const websocket_session&) = delete;

  task<std::optional<websocket_message>> receive();
  task<bool> send(http::websocket_opcode what, std::string payload);
  /// Sends a close frame, once; nothing is received any more.
  task<> close(std::uint16_t code, std::string_view reason);

  std::shared_ptr<websocket_outbox> outbox() const { return outbox_; }

 private:
  using clock = std::chrono::steady_clock;

  task<bool> let_others_go_first();
  task<bool> await_more();
  task<bool> send_pongs();
  task<bool> send_posted();
  task<bool> answer(http::websocket_reader::outcome what);
  void shut();

  tunnel& tunnel_;
  websocket_options options_;
  http::websocket_reader reader_;
  std::string buffer_;     // bytes that the reader has not taken yet
  std::size_t taken_ = 0;  // of buffer_, from its front
  std::string pongs_;      // frames that answer pings in buffer_, not sent yet
  bool closed_ = false;
  clock::time_point heard_ = clock::now();
  bool pinged_ = false;
  std::shared_ptr<tunnel*> still_there_;  // goes with this
  std::shared_ptr<websocket_outbox> outbox_;
};

}  // namespace mutual::detail
