#pragma once
// response: what a handler answers.

#include <mutual/body.hpp>
#include <mutual/fields.hpp>
#include <mutual/tunnel.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mutual {

/// One HTTP response: a status, fields, and a body that is either text or a source of pieces.
class response {
 public:
  response() = default;
  explicit response(int code) : status(code) {}
  response(int code, std::string text, std::string_view content_type = "text/plain; charset=utf-8")
      : status(code), body(std::move(text)) {
    headers.set("Content-Type", content_type);
  }

  int status = 200;
  fields headers;
  std::string body;
  /// If set, the body comes from here, piece by piece, and `body` is not used. Sent chunked unless `length` is set.
  body_source source;
  /// The size in bytes of what `source` will give, if it is known beforehand; a source that gives another ends the
  /// connection. Without a source it counts only in the answer to a HEAD that has no body: a body's length is its own.
  std::optional<std::size_t> length;
  /// The source has no end of its own: when the server stops, it is cut at once, and not waited for.
  bool endless = false;
  /// If set, with status 101, the connection is this task's once the head has been sent; over HTTP/2, with status 200,
  /// the request's stream, if it was asked for as a tunnel (`accept_websocket`).
  mutual::takeover takeover;

  /// Sets a field and gives the response back, to be written in a row.
  response& with(std::string_view name, std::string_view value) & {
    headers.set(name, value);
    return *this;
  }
  response&& with(std::string_view name, std::string_view value) && {
    headers.set(name, value);
    return std::move(*this);
  }
};

/// The standard phrase for a status code ("Not Found"); "Unknown" for one that has none.
std::string_view status_phrase(int status);

/// 204, with nothing in it.
inline response no_content() { return response(204); }

/// 201, with the new thing's address in Location.
inline response created(std::string_view location) { return response(201).with("Location", location); }

/// 303 to `location` (a GET), or another redirect.
inline response redirect(std::string_view location, int status = 303) {
  return response(status).with("Location", location);
}

}  // namespace mutual
