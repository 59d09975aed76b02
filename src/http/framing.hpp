#pragma once
// Where a message's body ends, by its header fields (RFC 9112 section 6).

#include "http/parse.hpp"

#include <mutual/fields.hpp>

#include <cstdint>
#include <optional>

namespace mutual::http {

/// How the end of a body is found (RFC 9112 section 6.3).
enum class body_kind : std::uint8_t {
  none,         ///< There is no body.
  length,       ///< After that many bytes.
  chunked,      ///< With the last chunk and the trailer.
  until_close,  ///< With the connection: responses only.
};

/// How a body is framed.
struct framing {
  body_kind kind = body_kind::none;
  std::uint64_t length = 0;  ///< Of body_kind::length.
};

/// Gives in `found` what Content-Length and Transfer-Encoding say (`none` if there is neither), or says why they cannot
/// be trusted: both at once, either twice, a list, a sign, a coding other than chunked, chunked in HTTP/1.0.
std::optional<parse_failure> judge_framing(const fields& headers, int version_minor, framing& found);

}  // namespace mutual::http
