#pragma once
// Responses into bytes.

#include "http/framing.hpp"

#include <mutual/response.hpp>
#include <mutual/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace mutual::http {

/// What the request and the connection ask of a response's head.
struct response_terms {
  int version_minor = 1;       ///< The request's HTTP/1.x.
  bool to_head = false;        ///< The request's method is HEAD.
  bool keep_alive = true;      ///< The connection is to go on after this response.
  std::string_view date = {};  ///< The Date field's value (date_cache); none is written if empty.
};

/// What was written, and what must follow it.
struct written_head {
  body_kind body = body_kind::none;  ///< How the body is to be sent; `none`: nothing may follow.
  bool keep_alive = false;           ///< Whether the head says that the connection goes on.
};

/// Appends a response's head to `out`: status line, the handler's fields, Date, Content-Length or Transfer-Encoding,
/// and Connection where the default is not meant. 204, 205 and 304 and answers to HEAD get no body. A body of unknown
/// length is chunked for HTTP/1.1, and ends with the connection for HTTP/1.0.
///
/// Framing and the connection are ours: the handler's Content-Length, Transfer-Encoding, Trailer, TE, Upgrade,
/// Keep-Alive, Proxy-Connection and Connection are left out; "close" in its Connection is obeyed.
///
/// Fails, and leaves `out` as it was, if the status is not 200 to 599, or a field's name is not a token, or its value
/// has a CR, LF, NUL or another control character (response splitting): answer 500 instead, nothing of it can be
/// trusted.
result<written_head> write_response_head(std::string& out, const response& what, const response_terms& terms);

/// Appends the head of a 101: the handler's fields, Upgrade among them, and Connection. Fails as above, or if there is
/// no Upgrade.
result<> write_switching_head(std::string& out, const response& what, std::string_view date);

/// An error if a response's status or one of its fields cannot be sent.
result<> check_response_head(const response& what);

/// Whether answers of that status have bodies.
bool may_have_body(int status);

/// The length that a response's head tells, if it tells one.
std::size_t body_length(const response& what, bool to_head);

/// Appends one piece of a chunked body; nothing if it is empty, which would end the body.
void write_chunk(std::string& out, std::string_view piece);

/// Appends the end of a chunked body.
void write_last_chunk(std::string& out);

/// Appends "100 Continue".
void write_continue(std::string& out);

}  // namespace mutual::http
