#pragma once
// Requests into bytes.

#include "http/framing.hpp"

#include <mutual/request.hpp>
#include <mutual/result.hpp>

#include <cstdint>
#include <string>

namespace mutual::http {

/// What follows a request's head.
struct request_terms {
  framing body;            ///< `none`, `length` or `chunked`.
  bool keep_alive = true;  ///< The connection is to go on afterwards.
};

/// Appends a request's head to `out`: request line, the request's fields, Content-Length or Transfer-Encoding, and
/// "Connection: close" where that is meant. Framing and the connection are ours: the request's fields about them are
/// left out. POST, PUT and PATCH without a body say "Content-Length: 0" (RFC 9110 section 8.6).
///
/// Fails, and leaves `out` as it was, on what a strict server would refuse: a method that is not a token, a target that
/// is neither "*" nor a path, a missing or second Host, a control character in a field.
result<> write_request_head(std::string& out, const request& what, const request_terms& terms);

}  // namespace mutual::http
