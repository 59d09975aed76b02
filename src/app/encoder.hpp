#pragma once
// encoder: bytes into a content coding, piece by piece.

#include "http/content_coding.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

struct z_stream_s;
struct BrotliEncoderStateStruct;
struct ZSTD_CCtx_s;

namespace mutual {

/// Compresses one body. Holds no more than `holds` says, whatever goes through it. Not thread-safe. Throws
/// std::runtime_error if the coder fails (there is no memory).
class encoder {
 public:
  /// The codings that there are encoders of, those first that go before others which are as welcome.
  static constexpr std::array offered = {http::coding::zstd, http::coding::br, http::coding::gzip};

  /// How many bytes one of that coding takes at most. Asked before there is one, since whoever gets the answer is told
  /// its coding first.
  static constexpr std::size_t holds(http::coding how) {
    constexpr std::size_t kib = 1024;
    switch (how) {
      case http::coding::br:
        return 960 * kib;
      case http::coding::zstd:
        return 576 * kib;
      case http::coding::gzip:
        return 224 * kib;
      case http::coding::identity:
        break;
    }
    return 0;
  }

  /// `how` is any coding but identity.
  explicit encoder(http::coding how);

  /// What `encode` is to do with what it holds back.
  enum class then {
    flush,  ///< All that was given can be read by whoever gets what comes out.
    end,    ///< And nothing more comes.
  };

  /// Appends the compressed bytes of a piece to `out`.
  void encode(std::string_view piece, then what, std::string& out);

 private:
  struct free_gzip {
    void operator()(z_stream_s* stream) const noexcept;
  };
  struct free_brotli {
    void operator()(BrotliEncoderStateStruct* state) const noexcept;
  };
  struct free_zstd {
    void operator()(ZSTD_CCtx_s* state) const noexcept;
  };
  using gzip = std::unique_ptr<z_stream_s, free_gzip>;
  using brotli = std::unique_ptr<BrotliEncoderStateStruct, free_brotli>;
  using zstd = std::unique_ptr<ZSTD_CCtx_s, free_zstd>;

  static std::variant<gzip, brotli, zstd> make(http::coding how);

  std::variant<gzip, brotli, zstd> state_;
};

}  // namespace mutual
