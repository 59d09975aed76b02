#pragma once
// decode: a whole body out of its content coding.

#include "http/content_coding.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace mutual {

enum class decoded {
  whole,
  too_large,  ///< It would be larger than the limit.
  broken,     ///< It is not of that coding, breaks off, or is followed by something.
};

/// Appends what was encoded to `out`, which does not grow by more than `most` bytes. `how` is any coding but identity.
/// gzip and zstd may be several frames one after another. What zstd and br may ask for beside that is 8 and 16 MiB.
decoded decode(http::coding how, std::string_view bytes, std::size_t most, std::string& out);

}  // namespace mutual
