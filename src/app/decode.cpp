#include "app/decode.hpp"

#include <algorithm>
#include <array>
#include <brotli/decode.h>
#include <cstdint>
#include <cstdlib>
#include <malloc.h>
#include <new>
#include <zlib.h>
#include <zstd.h>

namespace mutual {
namespace {

constexpr std::size_t room_bytes = std::size_t{16} * 1024;
constexpr int zstd_window = 23;  // 8 MiB, as RFC 9659 has it for HTTP

template <class Handle>
Handle required(Handle made) {
  if (!made) throw std::bad_alloc();
  return made;
}

// zlib counts in 32 bits.
uInt bounded(std::size_t size) { return static_cast<uInt>(std::min(size, std::size_t{1} << 30U)); }

// The allocator of a brotli decoder, which counts what it gives.
void* take(void* count, std::size_t bytes) {
  void* const given = std::malloc(bytes);
  *static_cast<std::size_t*>(count) += ::malloc_usable_size(given);
  return given;
}

void give_back(void* count, void* given) {
  *static_cast<std::size_t*>(count) -= ::malloc_usable_size(given);
  std::free(given);
}

// zlib's state and its window of 32 KiB.
constexpr std::size_t gzip_holds = std::size_t{48} * 1024;

}  // namespace

void decoder::free_gzip::operator()(z_stream_s* stream) const noexcept {
  inflateEnd(stream);
  delete stream;
}
void decoder::free_brotli::operator()(BrotliDecoderState* state) const noexcept { BrotliDecoderDestroyInstance(state); }
void decoder::free_zstd::operator()(ZSTD_DCtx* state) const noexcept { ZSTD_freeDCtx(state); }

std::variant<decoder::gzip, decoder::brotli, decoder::zstd> decoder::make(http::coding how) {
  if (how == http::coding::br) {
    return required(brotli(BrotliDecoderCreateInstance(take, give_back, brotli_holds_.get())));
  }
  if (how == http::coding::zstd) {
    auto made = required(zstd(ZSTD_createDCtx()));
    ZSTD_DCtx_setParameter(made.get(), ZSTD_d_windowLogMax, zstd_window);
    return made;
  }
  auto stream = std::make_unique<z_stream>();
  if (inflateInit2(stream.get(), 15 + 16) != Z_OK) throw std::bad_alloc();  // gzip's frame, and no other
  return gzip(stream.release());
}

decoder::decoder(http::coding how) : state_(make(how)) {}

std::size_t decoder::holds() const {
  if (const auto* one = std::get_if<zstd>(&state_)) return ZSTD_sizeof_DCtx(one->get());
  return std::holds_alternative<gzip>(state_) ? gzip_holds : *brotli_holds_;
}

decoder::state decoder::inflate_some(z_stream_s& stream, std::string_view& bytes, std::span<char> room,
                                     std::size_t& made) {
  if (ended_ && inflateReset(&stream) != Z_OK) return state::broken;
  const auto given = bounded(bytes.size()), space = bounded(room.size());
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib does not write there
  stream.avail_in = given;
  stream.next_out = reinterpret_cast<Bytef*>(room.data());
  stream.avail_out = space;
  const int code = inflate(&stream, Z_NO_FLUSH);
  made = space - stream.avail_out;
  bytes.remove_prefix(given - stream.avail_in);
  ended_ = code == Z_STREAM_END;
  if (ended_) return bytes.empty() ? state::ended : state::full;
  if (code == Z_BUF_ERROR) return state::hungry;  // there was nothing to do
  if (code != Z_OK) return state::broken;
  return bytes.empty() && stream.avail_out > 0 ? state::hungry : state::full;
}

decoder::state decoder::brotli_some(BrotliDecoderState* from, std::string_view& bytes, std::span<char> room,
                                    std::size_t& made) {
  if (ended_) return state::broken;
  const auto* next = reinterpret_cast<const std::uint8_t*>(bytes.data());
  std::size_t left = bytes.size(), room_left = room.size();
  auto* into = reinterpret_cast<std::uint8_t*>(room.data());
  const auto code = BrotliDecoderDecompressStream(from, &left, &next, &room_left, &into, nullptr);
  made = room.size() - room_left;
  bytes.remove_prefix(bytes.size() - left);
  if (code == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) return state::full;
  if (code == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) return state::hungry;
  ended_ = code == BROTLI_DECODER_RESULT_SUCCESS;
  return ended_ && bytes.empty() ? state::ended : state::broken;
}

decoder::state decoder::zstd_some(ZSTD_DCtx* from, std::string_view& bytes, std::span<char> room, std::size_t& made) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer to{room.data(), room.size(), 0};
  const auto wanted = ZSTD_decompressStream(from, &to, &in);
  if (ZSTD_isError(wanted) != 0) return state::broken;
  made = to.pos;
  bytes.remove_prefix(in.pos);
  ended_ = wanted == 0;
  if (ended_ && bytes.empty()) return state::ended;
  return !bytes.empty() || to.pos == to.size ? state::full : state::hungry;
}

decoder::state decoder::go_on(std::string_view& bytes, std::span<char> room, std::size_t& made) {
  made = 0;
  if (ended_ && bytes.empty()) return state::ended;
  if (const auto* stream = std::get_if<gzip>(&state_)) return inflate_some(**stream, bytes, room, made);
  if (const auto* brotlis = std::get_if<brotli>(&state_)) return brotli_some(brotlis->get(), bytes, room, made);
  return zstd_some(std::get<zstd>(state_).get(), bytes, room, made);
}

decoded decode(http::coding how, std::string_view bytes, std::size_t most, std::string& out,
               const std::function<bool(std::size_t)>& may_hold) {
  if (bytes.empty()) return decoded::broken;
  decoder with(how);
  std::array<char, room_bytes> room;
  for (;;) {
    std::size_t made = 0;
    const auto reached = with.go_on(bytes, room, made);
    if (made > most) return decoded::too_large;
    most -= made;
    out.append(room.data(), made);
    if (may_hold && !may_hold(out.capacity() + with.holds())) return decoded::no_room;
    if (reached == decoder::state::ended) return decoded::whole;
    if (reached != decoder::state::full) return decoded::broken;
  }
}

}  // namespace mutual
