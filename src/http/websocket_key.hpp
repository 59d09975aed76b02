#pragma once
// The proof that a server has understood a request for a WebSocket (RFC 6455 section 4.2.2).

#include <string>
#include <string_view>

namespace mutual::http {

/// Whether it is sixteen bytes in base64, as a client's Sec-WebSocket-Key must be.
bool is_websocket_key(std::string_view key);

/// The Sec-WebSocket-Accept that belongs to a key.
std::string websocket_accept(std::string_view key);

}  // namespace mutual::http
