#pragma once
// The heads of HTTP/2 responses.

#include <mutual/fields.hpp>
#include <mutual/response.hpp>
#include <mutual/result.hpp>

#include <string_view>

namespace mutual::http {

/// What is sent before a body, and whether one follows.
struct h2_head {
  mutual::fields fields;  ///< ":status" first; names in lower case.
  bool body = false;      ///< False: nothing may follow.
};

/// A response's head as HTTP/2 has it (RFC 9113 section 8.3.2), by the rules of write_response_head: framing and the
/// connection are ours, 204, 205, 304 and answers to HEAD have no body. An error as there.
result<h2_head> make_h2_head(const response& what, bool to_head, std::string_view date);

}  // namespace mutual::http
