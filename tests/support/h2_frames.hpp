#pragma once
// HTTP/2 frames made and read by hand: for what no honest client sends.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mutual::test {

/// Types and flags of RFC 9113 section 6.
enum frame_type : std::uint8_t {
  data_frame = 0,
  headers_frame = 1,
  priority_frame = 2,
  reset_frame = 3,
  settings_frame = 4,
  push_frame = 5,
  ping_frame = 6,
  goaway_frame = 7,
  window_frame = 8,
  continuation_frame = 9,
};
constexpr std::uint8_t end_stream = 1;
constexpr std::uint8_t ack = 1;
constexpr std::uint8_t end_headers = 4;

constexpr std::uint32_t no_error = 0;
constexpr std::uint32_t protocol_error = 1;
constexpr std::uint32_t internal_error = 2;
constexpr std::uint32_t flow_control_error = 3;
constexpr std::uint32_t refused_stream = 7;
constexpr std::uint32_t cancel = 8;
constexpr std::uint32_t enhance_your_calm = 11;

using field_list = std::vector<std::pair<std::string, std::string>>;

/// What a client begins with, and empty SETTINGS.
std::string h2_preface();

std::string h2_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload = {});

/// A 32-bit number as frames hold it.
std::string number32(std::uint32_t value);

/// Fields as HPACK literals, without tables and without Huffman's code: whatever they hold is sent.
std::string hpack(const field_list& all);

/// The four pseudo-header fields of a request to localhost, then those.
field_list request_fields(std::string_view method = "GET", std::string_view path = "/", const field_list& more = {});

/// HEADERS with all of a request's fields.
std::string h2_request(std::uint32_t stream, const field_list& all, bool ends = true);

struct frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;

  /// The 32-bit number at that place of the payload.
  std::uint32_t number(std::size_t at = 0) const;
};

/// The whole frames in `bytes`, which keeps what is left.
std::vector<frame> take_frames(std::string& bytes);

/// What a server has said about one stream.
struct h2_answer {
  int status = 0;            ///< The last head's.
  std::vector<int> interim;  ///< Those of the heads before.
  std::map<std::string, std::string> fields;
  std::string body;
  bool ended = false;  ///< END_STREAM has come.
  bool reset = false;  ///< RST_STREAM has come, with that code:
  std::uint32_t code = 0;
};

}  // namespace mutual::test
