#include "app/decode.hpp"

#include <algorithm>
#include <array>
#include <brotli/decode.h>
#include <memory>
#include <zlib.h>
#include <zstd.h>

namespace mutual {
namespace {

constexpr std::size_t room_bytes = std::size_t{16} * 1024;
constexpr int zstd_window = 23;  // 8 MiB, as RFC 9659 has it for HTTP

// Takes what a decoder made, as long as there is room for it.
class limited {
 public:
  limited(std::string& out, std::size_t most) : out_(out), left_(most) {}
  bool take(const char* bytes, std::size_t size) {
    if (size > left_) return false;
    left_ -= size;
    out_.append(bytes, size);
    return true;
  }

 private:
  std::string& out_;
  std::size_t left_;
};

struct inflating : z_stream {
  inflating() : z_stream{} { good = inflateInit2(this, 15 + 16) == Z_OK; }  // gzip's frame, and no other
  ~inflating() { inflateEnd(this); }
  inflating(const inflating&) = delete;
  inflating& operator=(const inflating&) = delete;
  bool good = false;
};

decoded decode_gzip(std::string_view bytes, limited& out) {
  inflating stream;
  if (!stream.good || bytes.size() > (std::size_t{1} << 30U)) return decoded::too_large;
  std::array<char, room_bytes> room;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib does not write there
  stream.avail_in = static_cast<uInt>(bytes.size());
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = room.size();
    const int code = inflate(&stream, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END) return decoded::broken;  // Z_BUF_ERROR: it breaks off
    if (!out.take(room.data(), room.size() - stream.avail_out)) return decoded::too_large;
    if (code == Z_OK) continue;
    if (stream.avail_in == 0) return decoded::whole;
    if (inflateReset(&stream) != Z_OK) return decoded::broken;
  }
}

struct free_brotli {
  void operator()(BrotliDecoderState* state) const noexcept { BrotliDecoderDestroyInstance(state); }
};

decoded decode_brotli(std::string_view bytes, limited& out) {
  const std::unique_ptr<BrotliDecoderState, free_brotli> state(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr));
  if (!state) return decoded::too_large;
  const auto* next = reinterpret_cast<const std::uint8_t*>(bytes.data());
  std::size_t left = bytes.size();
  while (true) {
    std::array<std::uint8_t, room_bytes> room;
    std::size_t room_left = room.size();
    std::uint8_t* into = room.data();
    const auto code = BrotliDecoderDecompressStream(state.get(), &left, &next, &room_left, &into, nullptr);
    if (!out.take(reinterpret_cast<const char*>(room.data()), room.size() - room_left)) return decoded::too_large;
    if (code == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) continue;
    return code == BROTLI_DECODER_RESULT_SUCCESS && left == 0 ? decoded::whole : decoded::broken;
  }
}

struct free_zstd {
  void operator()(ZSTD_DCtx* state) const noexcept { ZSTD_freeDCtx(state); }
};

decoded decode_zstd(std::string_view bytes, limited& out) {
  const std::unique_ptr<ZSTD_DCtx, free_zstd> state(ZSTD_createDCtx());
  if (!state) return decoded::too_large;
  ZSTD_DCtx_setParameter(state.get(), ZSTD_d_windowLogMax, zstd_window);
  ZSTD_inBuffer from{bytes.data(), bytes.size(), 0};
  std::array<char, room_bytes> room;
  while (true) {
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    const auto wanted = ZSTD_decompressStream(state.get(), &to, &from);
    if (ZSTD_isError(wanted) != 0) return decoded::broken;
    if (!out.take(room.data(), to.pos)) return decoded::too_large;
    if (from.pos < from.size || to.pos == to.size) {
      if (wanted == 0 && from.pos == from.size) return decoded::whole;
      continue;
    }
    return wanted == 0 ? decoded::whole : decoded::broken;  // else it breaks off
  }
}

}  // namespace

decoded decode(http::coding how, std::string_view bytes, std::size_t most, std::string& out) {
  limited taken(out, most);
  if (bytes.empty()) return decoded::broken;
  if (how == http::coding::gzip) return decode_gzip(bytes, taken);
  if (how == http::coding::br) return decode_brotli(bytes, taken);
  return decode_zstd(bytes, taken);
}

}  // namespace mutual
