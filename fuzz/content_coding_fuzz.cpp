// Content codings. The bytes are an Accept-Encoding, and a body in each coding. Held to: what is chosen is welcome and
// nothing offered is more so; a body never grows beyond its limit, and what was read whole is encoded and read again.

#include "app/decode.hpp"
#include "app/encoder.hpp"
#include "http/content_coding.hpp"

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  choose(bytes);
  for (const auto how : offered) decode(how, bytes);
  return 0;
}
