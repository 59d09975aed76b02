#pragma once
// decoder: bytes out of a content coding, piece by piece; decode: a whole body.

#include "http/content_coding.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

struct z_stream_s;
struct BrotliDecoderStateStruct;
struct ZSTD_DCtx_s;

namespace mutual {

/// One body's decoder. Beside its output it holds up to 8 (zstd), 16 (br) or 0.05 MiB (gzip), however large the body.
class decoder {
 public:
  enum class state {
    hungry,  ///< It has given all that it can of what it was given, and the body may not end here.
    ended,   ///< So has it, and the body may end here.
    full,    ///< There may be more: call again, with room.
    broken,  ///< It is not of that coding, or followed by something.
  };

  /// `how` is any coding but identity. Throws std::bad_alloc.
  explicit decoder(http::coding how);

  /// Takes what it can from the front of `bytes`, writes what that gives into `room`, which is not empty, and says in
  /// `made` how much. gzip and zstd may be several frames one after another.
  state go_on(std::string_view& bytes, std::span<char> room, std::size_t& made);

  /// How many bytes it holds now: what it is told of the body's window decides.
  std::size_t holds() const;

 private:
  struct free_gzip {
    void operator()(z_stream_s* stream) const noexcept;
  };
  struct free_brotli {
    void operator()(BrotliDecoderStateStruct* state) const noexcept;
  };
  struct free_zstd {
    void operator()(ZSTD_DCtx_s* state) const noexcept;
  };
  using gzip = std::unique_ptr<z_stream_s, free_gzip>;
  using brotli = std::unique_ptr<BrotliDecoderStateStruct, free_brotli>;
  using zstd = std::unique_ptr<ZSTD_DCtx_s, free_zstd>;
  std::variant<gzip, brotli, zstd> make(http::coding how);
  state inflate_some(z_stream_s& stream, std::string_view& bytes, std::span<char> room, std::size_t& made);
  state brotli_some(BrotliDecoderStateStruct* from, std::string_view& bytes, std::span<char> room, std::size_t& made);
  state zstd_some(ZSTD_DCtx_s* from, std::string_view& bytes, std::span<char> room, std::size_t& made);

  std::unique_ptr<std::size_t> brotli_holds_ = std::make_unique<std::size_t>(0);  // where its allocator finds it
  std::variant<gzip, brotli, zstd> state_;
  bool ended_ = false;
};

enum class decoded {
  whole,
  too_large,  ///< It would be larger than the limit.
  no_room,    ///< It may not hold so much now.
  broken,     ///< It is not of that coding, breaks off, or is followed by something.
};

/// Appends what was encoded to `out`, which does not grow by more than `most` bytes. `how` is any coding but identity.
/// `may_hold`, if there is one, is asked whether all that is held, `out` with it, may become so many bytes.
decoded decode(http::coding how, std::string_view bytes, std::size_t most, std::string& out,
               const std::function<bool(std::size_t)>& may_hold = {});

}  // namespace mutual
