// A WebSocket client's frames, from any bytes, which are a client's key as well. Held to: what is read does not depend
// on how the bytes fall into pieces, no message is beyond its limit, a text is UTF-8, and nothing is read after a
// failure; every key of 16 bytes is one, and nothing that is not of its form.

#include "base/base64.hpp"
#include "base/text.hpp"
#include "http/websocket_key.hpp"
#include "http/websocket_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using mutual::http::websocket_reader;
using outcome = websocket_reader::outcome;

constexpr std::size_t limit = 300;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string heard(std::string_view bytes, std::size_t piece) {
  websocket_reader reader(limit);
  std::string out;
  std::string pending;
  for (;;) {
    const auto step = reader.feed(pending);
    require(step.consumed <= pending.size());
    pending.erase(0, step.consumed);
    if (step.what == outcome::need_more) {
      require(pending.empty());
      if (bytes.empty()) return out;
      pending = bytes.substr(0, piece);
      bytes.remove_prefix(std::min(piece, bytes.size()));
      continue;
    }
    out += std::to_string(static_cast<int>(step.what)) + " " + std::to_string(reader.code());
    if (step.what == outcome::failed) {
      require(!reader.fault().empty());
      require(reader.feed("\x81\x80\x01\x01\x01\x01").what == outcome::failed);
      return out;
    }
    if (step.what == outcome::close) require(reader.code() == 1005 || mutual::http::is_websocket_code(reader.code()));
    require(reader.payload().size() <= limit);
    out += " " + mutual::text::hex(reader.payload()) + "\n";
  }
}

// RFC 6455 section 4.2.1: the Base64 of 16 bytes. Some clients leave bits behind them, of which nobody makes anything.
void key(std::string_view text) {
  const auto bytes = mutual::base64::decode(text);
  const bool is_key = mutual::http::is_websocket_key(text);
  if (bytes) require(is_key == (bytes->size() == 16));
  if (!is_key) return;
  require(text.size() == 24 && mutual::base64::decode(std::string(text.substr(0, 21)) + "A=="));
  require(mutual::base64::decode(mutual::http::websocket_accept(text)).value_or("").size() == 20);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = heard(bytes, std::max<std::size_t>(size, 1));
  require(heard(bytes, 1) == whole);
  require(heard(bytes, 7) == whole);
  key(bytes);
  return 0;
}
