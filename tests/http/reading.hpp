#pragma once
// Reads bytes with the parsers, whole or cut up, and says what came of them as text that can be compared.

#include "http/request_parser.hpp"
#include "http/response_parser.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mutual::http::testing {

/// A request as text: what a handler would see of it.
inline std::string describe(const request& message) {
  std::string out = message.method + " " + message.target + " 1." + std::to_string(message.version_minor);
  for (std::size_t at = 0; at < message.headers.size(); ++at) {
    const auto [name, value] = message.headers[at];
    out += "|" + std::string(name) + "=" + std::string(value);
  }
  out += "|body=" + message.body;
  for (std::size_t at = 0; at < message.trailers.size(); ++at) {
    const auto [name, value] = message.trailers[at];
    out += "|trailer " + std::string(name) + "=" + std::string(value);
  }
  return out;
}

/// What a connection's bytes were read as.
struct reading {
  std::vector<std::string> messages;  ///< Those that were whole.
  int status = 0;                     ///< Of the refusal that ended it; 0 if there was none.
  std::string detail;
  bool idle = true;  ///< Nothing of another message has come.
  bool operator==(const reading&) const = default;
};

/// Reads requests from pieces of `piece` bytes, on and on until a refusal or the end. A message that asks to close is
/// not the end here: what follows is read, so that tests see it.
inline reading read_requests(std::string_view bytes, std::size_t piece = std::string_view::npos,
                             const limits& bounds = {}) {
  reading out;
  request_parser parser(bounds);
  while (true) {
    auto fed = bytes.substr(0, piece);
    const auto [consumed, state] = parser.feed(fed);
    if (state == parse_state::failed) {
      out.status = parser.failure().status;
      out.detail = parser.failure().detail;
      return out;
    }
    bytes.remove_prefix(consumed);
    if (state == parse_state::done) {
      out.messages.push_back(describe(parser.message()));
      parser.reset();
    }
    if (state == parse_state::need_more && bytes.empty()) break;
    if (state == parse_state::done && bytes.empty()) break;
  }
  out.idle = parser.idle();
  return out;
}

}  // namespace mutual::http::testing
