#pragma once
// How a client connects.

#include "http/limits.hpp"
#include "tls/client_context.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace mutual::client {

/// How long a client waits for the other end before it gives up.
struct timeouts {
  std::chrono::milliseconds connect{10'000};  ///< For each of the host's addresses.
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds write{30'000};  ///< For the server to take one piece of a request.
  std::chrono::milliseconds head{60'000};   ///< From the end of a request to the end of the answer's head.
  std::chrono::milliseconds idle{60'000};   ///< Between two pieces of the answer's body.
  /// Under TLS 1.3, with our certificate asked for: how long to wait for the server's first word (a session ticket, or
  /// a refusal) before the first request is sent. Most servers say it at once. A request that crosses a refusal makes
  /// the other system reset the connection, which may destroy the alert that says why. 0 not to wait.
  std::chrono::milliseconds welcome{300};
};

/// The most of an answer's body that is read, unless an option says otherwise: none, since it is given piece by piece.
inline constexpr std::size_t any_size = ~std::size_t{0} >> 1U;

/// What connections are made with.
struct options {
  std::shared_ptr<const tls::client_context> tls;  ///< For https; may be null for http alone.
  std::string judged_by;                           ///< How to call whom we trust: "pki/trust.crt". May be empty.
  client::timeouts timeouts;
  http::limits limits{.body_bytes = any_size};  ///< For answers.
};

}  // namespace mutual::client
