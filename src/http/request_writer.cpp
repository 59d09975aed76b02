#include "http/request_writer.hpp"

#include "base/text.hpp"
#include "http/field_writer.hpp"
#include "http/grammar.hpp"

namespace mutual::http {
namespace {

result<> check_request(const request& what) {
  if (!is_token(what.method)) {
    return error(errc::bad_usage, "the method " + text::quoted(what.method) + " is not a token");
  }
  if (what.target != "*" && (!what.target.starts_with('/') || !is_path_and_query(what.target))) {
    return error(errc::bad_usage, "the target " + text::quoted(what.target) +
                                      " is not a path: it begins with '/' and its special characters are escaped");
  }
  const auto host = what.headers.get("Host");
  if (!host || what.headers.count("Host") != 1 || !is_authority(*host)) {
    return error(errc::bad_usage, "a request needs one Host field with a host name or address");
  }
  return check_fields(what.headers);
}

bool usually_has_body(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

}  // namespace

result<> write_request_head(std::string& out, const request& what, const request_terms& terms) {
  MUTUAL_CHECK(check_request(what));
  if (terms.body.kind == body_kind::until_close) {
    return error(errc::internal, "a request's body cannot end with the connection: give its length or send chunks");
  }
  out.append(what.method).append(" ").append(what.target).append(" HTTP/1.1\r\n");
  write_end_to_end_fields(out, what.headers);
  if (terms.body.kind == body_kind::chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (terms.body.kind == body_kind::length || usually_has_body(what.method)) {
    write_content_length(out, terms.body.length);
  }
  if (!terms.keep_alive) out += "Connection: close\r\n";
  out += "\r\n";
  return {};
}

}  // namespace mutual::http
