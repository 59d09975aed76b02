#pragma once
// url: where a client goes, as a person writes it.

#include <mutual/result.hpp>

#include <string>
#include <string_view>

namespace mutual::client {

/// An http or https URL taken apart and made safe to send.
struct url {
  bool secure = true;  ///< https.
  std::string host;    ///< In lower case, an IPv6 address without brackets.
  unsigned short port = 443;
  std::string target = "/";  ///< Path and query, "." and ".." resolved; what goes into the request line.

  /// The value of the Host field: brackets around IPv6, the port only where it is not the scheme's own.
  std::string authority() const;
  /// "https://localhost:5000/".
  std::string to_string() const;

  friend bool operator==(const url&, const url&) = default;
};

/// The longest URL that is read.
inline constexpr std::size_t most_url_bytes = 8192;

/// Takes a URL apart; a fragment is left out. An error (bad_usage) that says what to write instead for: no scheme or
/// another than http and https, a user name or password in it, no host or one that is not plain ASCII, a port that is
/// no number from 1 to 65535, characters that need escaping.
result<url> parse_url(std::string_view text);

}  // namespace mutual::client
