#pragma once
// What a server counts, beside refusals.

#include <cstddef>
#include <cstdint>

namespace mutual::http {

enum class tally : std::uint8_t {
  connections,        ///< Taken.
  turned_away,        ///< Closed as they came: too many were open.
  full_handshakes,    ///< That succeeded.
  resumptions,        ///< Handshakes that took up an earlier session.
  failed_handshakes,  ///< Of all kinds: also those that never began, for plain HTTP came, or nothing in time.
  dismissed,          ///< Open connections that were closed because their client would be refused now.
};

inline constexpr std::size_t tallies = static_cast<std::size_t>(tally::dismissed) + 1;

}  // namespace mutual::http
