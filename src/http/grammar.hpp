#pragma once
// The characters and small words of HTTP/1.1 (RFC 9110 section 5.6, RFC 9112, RFC 3986).

#include <cstdint>
#include <optional>
#include <string_view>

namespace mutual::http {

/// Whether it is a token: one or more tchar (RFC 9110 section 5.6.2). Field names and methods are tokens.
bool is_token(std::string_view text);

/// Whether a character may be part of a token.
bool is_token_char(char c);

/// Whether it may stand as a field value: visible characters, spaces, tabs and bytes from 0x80, no controls
/// (RFC 9110 section 5.5).
bool is_field_value(std::string_view text);

/// Whether it may stand in a request target's path and query: what RFC 3986 allows, and [ ] { } | ^ ` which browsers
/// send as they are; escapes are whole. No controls, no spaces, no bytes from 0x80, and none of " < > \ #, which
/// parsers disagree about.
bool is_path_and_query(std::string_view text);

/// Whether it is a host with or without a port, as it may stand in Host: a name of letters, digits, "-", "." and "_",
/// an IPv4 address or an IPv6 address in brackets; a port is 1 to 65535. User names, escapes and lists are not.
bool is_authority(std::string_view text);

/// A Content-Length: digits without sign, spaces, leading zeros or overflow; nothing otherwise.
std::optional<std::uint64_t> content_length(std::string_view value);

/// Whether it is one or more decimal digits.
bool is_digits(std::string_view text);

/// A chunk size: 1 to 16 hex digits and nothing else; nothing otherwise.
std::optional<std::uint64_t> chunk_size(std::string_view line);

/// Fields that frame or route a message, as bits.
enum class known_field : unsigned { host = 1, expect = 2, connection = 4, content_length = 8, transfer_encoding = 16 };

/// The bit of a field of that name; 0 for one that neither frames nor routes.
unsigned known_field_bit(std::string_view name);

/// Whether a method is one that we pass to handlers: those of RFC 9110, PATCH, and the WebDAV family that llhttp knows
/// in all its versions. CONNECT is not: it is for proxies.
bool is_known_method(std::string_view method);

/// Whether a field of that name may stand in a trailer. Those that frame, route, authenticate or describe the content
/// may not (RFC 9110 section 6.5.1): a reader that merges trailers would change its mind about a message it has judged.
bool is_trailer_allowed(std::string_view name);

}  // namespace mutual::http
