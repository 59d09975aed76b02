#pragma once
// encoder: bytes into a content coding, piece by piece.

#include "http/content_coding.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <variant>

struct z_stream_s;
struct BrotliEncoderStateStruct;
struct ZSTD_CCtx_s;

namespace mutual {

/// Compresses one body. Holds less than 1 MiB, whatever goes through it. Not thread-safe. Throws
/// std::runtime_error if the coder fails (there is no memory).
class encoder {
 public:
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
