#pragma once
// The last word of a server that is gone.

#include "tls/stream.hpp"

#include <optional>
#include <string_view>

namespace mutual::client {

/// The fatal alert in the first TLS record of those bytes, if it is one in clear text; nothing otherwise.
std::optional<int> plain_alert(std::string_view bytes);

/// The alert that a server sent in clear text before it closed, and that OpenSSL did not come to read because its own
/// write failed first (TLS 1.2: the server refuses while we are still sending). For a connection that is given up: it
/// takes what is there off the socket.
std::optional<int> left_alert(tls::stream& broken);

}  // namespace mutual::client
