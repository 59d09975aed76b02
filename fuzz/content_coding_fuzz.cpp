// Content codings. The bytes are an Accept-Encoding, and a body in each coding. Held to: what is chosen is welcome and
// nothing offered is more so; a body never grows beyond its limit, and what was read whole is encoded and read again;
// in pieces it is read as at once.

#include "app/decode.hpp"
#include "app/encoder.hpp"
#include "http/content_coding.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using mutual::http::coding;

constexpr std::array offered = {coding::zstd, coding::br, coding::gzip};
constexpr std::size_t most = 100'000;

void require(bool holds) {
  if (!holds) std::abort();
}

void choose(std::string_view value) {
  const auto accepted = mutual::http::accepted_codings::read({value});
  const auto chosen = accepted.choose(offered);
  require(chosen || accepted.weight(coding::identity) == 0);
  const int welcome = chosen ? accepted.weight(*chosen) : 0;
  require(chosen.has_value() == (welcome > 0));
  for (const auto each : offered) require(accepted.weight(each) <= welcome && accepted.weight(each) <= 1000);
}

void decode(coding how, std::string_view bytes) {
  std::string out;
  const auto outcome = mutual::decode(how, bytes, most, out);
  require(out.size() <= most);
  if (outcome != mutual::decoded::whole) return;
  std::string again, read;
  mutual::encoder(how).encode(out, mutual::encoder::then::end, again);
  require(mutual::decode(how, again, out.size(), read) == mutual::decoded::whole && read == out);
}

// The same bytes in pieces: the same comes out, and the same is said of them.
void decode_in_pieces(coding how, std::string_view bytes) {
  std::string whole, out;
  const auto outcome = mutual::decode(how, bytes, most, whole);
  if (bytes.empty() || outcome == mutual::decoded::too_large) return;
  using state = mutual::decoder::state;
  const std::size_t size = 1 + static_cast<unsigned char>(bytes.front()) % 64;
  mutual::decoder with(how);
  std::array<char, 997> room;
  auto reached = state::hungry;
  for (; !bytes.empty() && reached != state::broken; bytes.remove_prefix(std::min(size, bytes.size()))) {
    auto piece = bytes.substr(0, size);
    do {
      std::size_t made = 0;
      reached = with.go_on(piece, room, made);
      out.append(room.data(), made);
      require(out.size() <= whole.size() || outcome == mutual::decoded::broken);
    } while (reached == state::full && out.size() <= most);
    require(reached == state::broken || piece.empty());
  }
  require((reached == state::ended) == (outcome == mutual::decoded::whole));
  require(outcome != mutual::decoded::whole || out == whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  choose(bytes);
  for (const auto how : offered) {
    decode(how, bytes);
    decode_in_pieces(how, bytes);
  }
  return 0;
}
