// A WebSocket client's frames, from any bytes. Held to: what is read does not depend on how the bytes fall into pieces,
// no message is beyond its limit, a text is UTF-8, and nothing is read after a failure.

#include "base/text.hpp"
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = heard(bytes, std::max<std::size_t>(size, 1));
  require(heard(bytes, 1) == whole);
  require(heard(bytes, 7) == whole);
  return 0;
}
