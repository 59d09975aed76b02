#pragma once
// request: one HTTP request and who sent it.

#include <mutual/body.hpp>
#include <mutual/fields.hpp>
#include <mutual/peer.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mutual {

/// The connection that a request came by; shared by all requests of that connection and unchanged while it lasts.
struct connection_info {
  std::string remote_address;  ///< "127.0.0.1" or "::1".
  unsigned short remote_port = 0;
  bool secure = false;                      ///< TLS, with or without a client certificate.
  bool resumed = false;                     ///< An earlier TLS session was taken up again (and judged again).
  std::string tls_version;                  ///< "TLSv1.3"; empty on plain HTTP.
  std::string cipher;                       ///< "TLS_AES_128_GCM_SHA256"; empty on plain HTTP.
  std::string server_name;                  ///< The SNI that the client asked for, or empty.
  std::shared_ptr<const mutual::peer> who;  ///< Who has proved to be at the other end; null without a certificate.
};

/// One HTTP request, read whole unless its handler takes a `body_stream`. Handlers get it by reference; views it gives
/// live as long as it does.
class request {
 public:
  /// "GET", "POST", as sent (methods are case-sensitive).
  std::string method = "GET";
  /// The request target: "/books/7?page=2", or "*" for OPTIONS. One sent as a whole URL has been brought to this form,
  /// its host being that of the Host field.
  std::string target = "/";
  /// HTTP/1.minor_version; 2 for HTTP/2 is `version_major`.
  int version_major = 1;
  int version_minor = 1;
  fields headers;
  /// The fields after a chunked body; kept apart, never merged into `headers` (RFC 9110 section 6.5.1).
  fields trailers;
  std::string body;
  /// Where the body comes from, piece by piece, if the route's handler takes it so; then `body` is empty. Handlers read
  /// it by a `body_stream`.
  body_source source;
  /// There is a body that was not read, since the request was to be refused whatever it holds. Such a request comes to
  /// no handler, also if a middleware leads it to one.
  bool body_unread = false;
  /// How many values a JSON body may hold, arrays, objects and their members each counted; more are 413, before they
  /// take memory. A middleware may set it for its routes.
  std::size_t json_values = 100'000;
  /// The connection's facts; never null while a handler runs.
  std::shared_ptr<const connection_info> connection;

  /// The path of the target, as sent (still percent-encoded): "/books/7".
  std::string_view path() const;
  /// The target's query as sent, without "?"; empty if there is none.
  std::string_view query_string() const;
  /// The first query parameter of that name, decoded; nothing if absent.
  std::optional<std::string> query(std::string_view name) const;
  /// All query parameters, decoded, in order.
  std::vector<std::pair<std::string, std::string>> queries() const;

  std::optional<std::string_view> header(std::string_view name) const { return headers.get(name); }

  /// Who sent it, if they proved it.
  maybe_peer who() const { return maybe_peer(connection ? connection->who.get() : nullptr); }
};

}  // namespace mutual
