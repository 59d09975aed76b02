#include "app/encoder.hpp"

#include <array>
#include <brotli/encode.h>
#include <stdexcept>
#include <zlib.h>
#include <zstd.h>

namespace mutual {
namespace {

// Fast, and with windows of 32 or 64 KiB: a page of text gains little from more, and each answer that a slow reader
// takes its time for holds what encoder::holds says, which is to be measured anew when these change.
constexpr int gzip_level = 5, gzip_window = 15 + 16 /* gzip's own frame */, gzip_memory = 7;
constexpr unsigned brotli_quality = 3, brotli_window = 16;
constexpr int zstd_level = 1, zstd_window = 16;

constexpr std::size_t room_bytes = std::size_t{16} * 1024;

void require(bool good) {
  if (!good) throw std::runtime_error("an answer could not be compressed");
}

void encode_gzip(z_stream_s& stream, std::string_view piece, bool end, std::string& out) {
  std::array<char, room_bytes> room;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));  // zlib does not write there
  stream.avail_in = static_cast<uInt>(piece.size());
  int code = Z_OK;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = room.size();
    code = deflate(&stream, end ? Z_FINISH : Z_SYNC_FLUSH);
    require(code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR);
    out.append(room.data(), room.size() - stream.avail_out);
  } while (end ? code != Z_STREAM_END : stream.avail_out == 0);
}

void encode_brotli(BrotliEncoderState* state, std::string_view piece, bool end, std::string& out) {
  const auto* next = reinterpret_cast<const std::uint8_t*>(piece.data());
  std::size_t left = piece.size();
  do {
    std::size_t no_room = 0;
    require(BrotliEncoderCompressStream(state, end ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH, &left, &next,
                                        &no_room, nullptr, nullptr) == BROTLI_TRUE);
    while (BrotliEncoderHasMoreOutput(state) == BROTLI_TRUE) {
      std::size_t size = 0;
      const auto* bytes = BrotliEncoderTakeOutput(state, &size);
      out.append(reinterpret_cast<const char*>(bytes), size);
    }
  } while (left > 0 || (end && BrotliEncoderIsFinished(state) == BROTLI_FALSE));
}

void encode_zstd(ZSTD_CCtx* state, std::string_view piece, bool end, std::string& out) {
  std::array<char, room_bytes> room;
  ZSTD_inBuffer from{piece.data(), piece.size(), 0};
  std::size_t held = 0;
  do {
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    held = ZSTD_compressStream2(state, &to, &from, end ? ZSTD_e_end : ZSTD_e_flush);
    require(ZSTD_isError(held) == 0);
    out.append(room.data(), to.pos);
  } while (held > 0 || from.pos < from.size);
}

}  // namespace

void encoder::free_gzip::operator()(z_stream_s* stream) const noexcept {
  deflateEnd(stream);
  delete stream;
}
void encoder::free_brotli::operator()(BrotliEncoderState* state) const noexcept { BrotliEncoderDestroyInstance(state); }
void encoder::free_zstd::operator()(ZSTD_CCtx* state) const noexcept { ZSTD_freeCCtx(state); }

std::variant<encoder::gzip, encoder::brotli, encoder::zstd> encoder::make(http::coding how) {
  if (how == http::coding::br) {
    brotli made(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr));
    require(made != nullptr && BrotliEncoderSetParameter(made.get(), BROTLI_PARAM_QUALITY, brotli_quality) &&
            BrotliEncoderSetParameter(made.get(), BROTLI_PARAM_LGWIN, brotli_window));
    return made;
  }
  if (how == http::coding::zstd) {
    zstd made(ZSTD_createCCtx());
    require(made != nullptr);
    ZSTD_CCtx_setParameter(made.get(), ZSTD_c_compressionLevel, zstd_level);
    ZSTD_CCtx_setParameter(made.get(), ZSTD_c_windowLog, zstd_window);
    return made;
  }
  auto stream = std::make_unique<z_stream>();
  require(deflateInit2(stream.get(), gzip_level, Z_DEFLATED, gzip_window, gzip_memory, Z_DEFAULT_STRATEGY) == Z_OK);
  return gzip(stream.release());
}

encoder::encoder(http::coding how) : state_(make(how)) {}

void encoder::encode(std::string_view piece, then what, std::string& out) {
  const bool end = what == then::end;
  if (const auto* stream = std::get_if<gzip>(&state_)) {
    // zlib counts in 32 bits.
    constexpr std::size_t most_at_once = std::size_t{1} << 30U;
    for (; piece.size() > most_at_once; piece.remove_prefix(most_at_once)) {
      encode_gzip(**stream, piece.substr(0, most_at_once), false, out);
    }
    encode_gzip(**stream, piece, end, out);
  } else if (const auto* state = std::get_if<brotli>(&state_)) {
    encode_brotli(state->get(), piece, end, out);
  } else {
    encode_zstd(std::get<zstd>(state_).get(), piece, end, out);
  }
}

}  // namespace mutual
