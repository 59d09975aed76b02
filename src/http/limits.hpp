#pragma once
// limits: how much of a message is taken in before it is refused.

#include <cstddef>

namespace mutual::http {

/// The sizes in bytes (and numbers) up to which one message is read. They are checked before memory is given to what
/// exceeds them. The defaults suit a REST service; a client that downloads raises `body_bytes`.
struct limits {
  std::size_t head_bytes = 16384;                  ///< Start line and header fields together; more is 431.
  std::size_t field_count = 100;                   ///< Header and trailer fields together; more is 431.
  std::size_t target_bytes = 8192;                 ///< The request target; longer is 414.
  std::size_t body_bytes = std::size_t{1} << 20U;  ///< The body without its framing; more is 413.
  std::size_t chunk_line_bytes = 18;               ///< One chunk-size line with its CRLF: 16 hex digits.
  std::size_t trailer_bytes = 4096;                ///< All trailer fields together; more is 431.
};

}  // namespace mutual::http
