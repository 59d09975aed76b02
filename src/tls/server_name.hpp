#pragma once
// The name that a client asks for, before OpenSSL has looked at it.

#include <optional>
#include <string>
#include <string_view>

namespace mutual::tls {

/// The host name in the body of a server_name extension, in lower case (RFC 6066 section 3); nothing if it is
/// malformed: no list, more than one host name, an empty name, characters that no DNS name has, or more than 255 bytes.
std::optional<std::string> parse_server_name(std::string_view extension);

}  // namespace mutual::tls
