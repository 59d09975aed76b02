#pragma once
// websocket_reader: messages out of a WebSocket client's frames.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mutual::http {

/// What a frame is (RFC 6455 section 5.2).
enum class websocket_opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// The codes that we close with ourselves (RFC 6455 section 7.4.1).
namespace websocket_code {
inline constexpr std::uint16_t normal = 1000, going_away = 1001, protocol_error = 1002, not_utf8 = 1007,
                               too_large = 1009, internal = 1011, none = 1005;
}  // namespace websocket_code

/// Reads a client's frames without input or output, strictly: masked, of minimal length, no extension bits. A message
/// meets its limit before it meets memory. Not thread-safe.
class websocket_reader {
 public:
  explicit websocket_reader(std::size_t largest_message) : largest_(largest_message) {}

  enum class outcome {
    need_more,
    message,  ///< A whole message is in `payload`; `is_text` says of which kind.
    ping,     ///< To be answered with a pong of the same `payload`.
    pong,
    close,  ///< The client closes; `code` says why (`none` if it does not).
    failed  ///< To be closed with `code`, for the reason in `fault`; nothing more is taken.
  };
  struct step {
    std::size_t consumed;
    outcome what;
  };

  /// Takes bytes up to the end of the next frame that is something by itself.
  step feed(std::string_view bytes);

  /// Of the last outcome; may be moved from.
  std::string& payload() { return is_control() ? control_ : message_; }
  bool is_text() const { return text_; }
  std::uint16_t code() const { return code_; }
  std::string_view fault() const { return fault_; }

 private:
  bool is_control() const { return (opcode_ & 8U) != 0; }
  outcome fail(std::uint16_t code, std::string_view fault);
  bool read_header(std::string_view& bytes);
  outcome judge_header();
  std::size_t header_size() const;
  void take_payload(std::string_view& bytes);
  outcome end_frame();
  outcome end_close();

  std::size_t largest_;
  std::array<unsigned char, 14> header_{};
  std::size_t header_have_ = 0;
  bool in_payload_ = false;
  bool in_message_ = false;  // its last frame has not come yet
  bool final_ = false;
  bool text_ = true;
  bool failed_ = false;
  bool delivered_ = false;  // the message in message_ has been given out
  unsigned opcode_ = 0;
  std::uint64_t left_ = 0;
  std::size_t mask_at_ = 0;
  std::array<unsigned char, 4> mask_{};
  std::string message_;
  std::string control_;
  std::uint16_t code_ = websocket_code::none;
  std::string_view fault_;
};

/// Appends one frame as a server sends it: final, unmasked.
void write_websocket_frame(std::string& out, websocket_opcode what, std::string_view payload);

/// The payload of a close frame; the reason is cut at 123 bytes, between characters. Empty for the code `none`.
std::string websocket_close_payload(std::uint16_t code, std::string_view reason);

/// Whether an endpoint may send that code (RFC 6455 section 7.4).
bool is_websocket_code(std::uint16_t code);

}  // namespace mutual::http
