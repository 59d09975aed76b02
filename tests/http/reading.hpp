#pragma once
// Reads bytes with the parsers, whole or cut up, and says what came of them as text that can be compared.

#include "http/request_parser.hpp"
#include "http/response_parser.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::http::testing {

inline std::string describe(const fields& all, std::string_view mark) {
  std::string out;
  for (std::size_t at = 0; at < all.size(); ++at) {
    const auto [name, value] = all[at];
    out.append(mark).append(name).append("=").append(value);
  }
  return out;
}

/// A request as text: what a handler would see of it.
inline std::string describe(const request& message) {
  return message.method + " " + message.target + " 1." + std::to_string(message.version_minor) +
         describe(message.headers, "|") + "|body=" + message.body + describe(message.trailers, "|trailer ");
}

/// What a connection's bytes were read as.
struct reading {
  std::vector<std::string> messages;  ///< Those that were whole.
  int status = 0;                     ///< Of the refusal that ended it; 0 if there was none.
  std::string detail;
  bool idle = true;  ///< Nothing of another message has come.
  bool operator==(const reading&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const reading& what) {
  for (const auto& message : what.messages) out << "[" << message << "] ";
  return out << what.status << " " << what.detail << (what.idle ? " idle" : "");
}

constexpr std::size_t whole = std::string_view::npos;

/// Reads requests from pieces of `piece` bytes, on and on until a refusal or the end. A message that asks to close is
/// not the end here: what follows is read, so that tests see it.
inline reading read_requests(std::string_view bytes, std::size_t piece = whole, const limits& bounds = {}) {
  reading out;
  request_parser parser(bounds);
  for (auto state = parse_state::done; !bytes.empty() || state == parse_state::head_done;) {
    const auto fed = parser.feed(bytes.substr(0, piece));
    state = fed.state;
    if (state == parse_state::failed) {
      out.status = parser.failure().status;
      out.detail = parser.failure().detail;
      out.idle = parser.idle();
      return out;
    }
    bytes.remove_prefix(fed.consumed);
    if (state == parse_state::done) {
      out.messages.push_back(describe(parser.message()));
      parser.reset();
    }
  }
  out.idle = parser.idle();
  return out;
}

/// Reads requests whole and in pieces of several sizes, and fails the test unless each way gives the same.
inline reading read_alike(std::string_view bytes, const limits& bounds = {}) {
  const auto out = read_requests(bytes, whole, bounds);
  for (const std::size_t piece : {1U, 2U, 3U, 5U, 17U, 64U}) {
    EXPECT_EQ(read_requests(bytes, piece, bounds), out) << "in pieces of " << piece << " bytes:\n" << bytes;
  }
  return out;
}

/// The status with which the first of these requests is refused; 0 if it is read, -1 if it is not whole.
inline int first_status(std::string_view bytes, const limits& bounds = {}) {
  const auto out = read_alike(bytes, bounds);
  if (!out.messages.empty()) return 0;
  return out.status == 0 ? -1 : out.status;
}

}  // namespace mutual::http::testing
