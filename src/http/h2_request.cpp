#include "http/h2_request.hpp"

#include "base/text.hpp"
#include "http/grammar.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace mutual::http {
namespace {

// What a field line has beside its name and value in HTTP/1.1, so that the same header is as large in both.
constexpr std::size_t around_a_field = 4;

// Of one that is unknown, in a log.
constexpr std::size_t longest_method = 32;

bool has_upper_case(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// RFC 9113 section 8.2.2.
bool is_connection_specific(std::string_view name) {
  static constexpr std::array<std::string_view, 5> names = {"connection", "transfer-encoding", "keep-alive",
                                                            "proxy-connection", "upgrade"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What is wrong with a field, in words; null if nothing is.
const char* field_fault(std::string_view name, std::string_view value) {
  if (has_upper_case(name)) return "A header field's name has an upper-case letter (RFC 9113 section 8.2.1).";
  if (!is_token(name)) return "A header field's name has a character that names cannot have.";
  if (!is_field_value(value)) return "A header field's value has a control character.";
  if (text::trim(value) != value) return "A header field's value begins or ends with white space.";
  if (is_connection_specific(name)) {
    return "A field that is about one HTTP/1.1 connection came over HTTP/2 (RFC 9113 section 8.2.2).";
  }
  if (name == "te" && !text::iequals(value, "trailers")) return "TE is anything but trailers (RFC 9113 section 8.2.2).";
  return nullptr;
}

}  // namespace

void h2_request::fail(int status, std::string detail) {
  if (failure_) return;
  failure_ = parse_failure{status, std::move(detail)};
  // Whatever it holds will not be looked at.
  std::string().swap(message_.body);
  std::string().swap(piece_);
  std::string().swap(cookie_);
}

// What a field takes of the header's limits; false, with a failure, if nothing is left.
bool h2_request::take_room(std::string_view name, std::string_view value, std::size_t& left, std::size_t limit,
                           const char* what) {
  const auto size = name.size() + value.size() + around_a_field;
  if (size > left) {
    fail(431, "The " + std::string(what) + " is larger than the " + std::to_string(limit) + " bytes allowed here.");
    return false;
  }
  left -= size;
  if (++field_count_ > bounds_.field_count) {
    fail(431, "There are more than the " + std::to_string(bounds_.field_count) + " header fields allowed here.");
    return false;
  }
  return true;
}

// Of a request that is refused already: what was asked, as far as a log needs it.
void h2_request::keep_for_the_log(std::string_view name, std::string_view value) {
  if (name == ":method" && message_.method.empty()) message_.method = value.substr(0, longest_method);
  if (name == ":path" && message_.target.empty()) message_.target = value.substr(0, bounds_.target_bytes);
}

void h2_request::head_field(std::string_view name, std::string_view value) {
  if (failure_) return keep_for_the_log(name, value);
  // Too long a path is told as such, whatever else there is.
  if (name == ":path" && value.size() > bounds_.target_bytes) {
    keep_for_the_log(name, value);
    return fail(
        414, "The request target is longer than the " + std::to_string(bounds_.target_bytes) + " bytes allowed here.");
  }
  if (!take_room(name, value, head_left_, bounds_.head_bytes, "header")) return keep_for_the_log(name, value);
  if (name.starts_with(':')) {
    --field_count_;  // what is the request line in HTTP/1.1
    return pseudo_field(name, value);
  }
  plain_seen_ = true;
  if (const char* fault = field_fault(name, value)) return fail(400, fault);
  plain_field(name, value);
}

void h2_request::pseudo_field(std::string_view name, std::string_view value) {
  if (plain_seen_) return fail(400, "A pseudo-header field comes after others (RFC 9113 section 8.3).");
  if (name == ":method") {
    if (std::exchange(method_seen_, true)) return fail(400, "There is more than one :method.");
    read_method(value);
  } else if (name == ":path") {
    if (std::exchange(path_seen_, true)) return fail(400, "There is more than one :path.");
    read_path(value);
  } else if (name == ":scheme") {
    if (!scheme_.empty()) return fail(400, "There is more than one :scheme.");
    if (!text::iequals(value, secure_ ? "https" : "http")) {
      return fail(400, "The request's :scheme is not that of the connection.");
    }
    scheme_ = value;
  } else if (name == ":authority") {
    if (std::exchange(authority_seen_, true)) return fail(400, "There is more than one :authority.");
    if (!is_authority(value)) return fail(400, "The request's :authority is not a host with or without a port.");
    message_.headers.add("Host", value);
  } else if (name == ":protocol") {
    if (!protocol_.empty()) return fail(400, "There is more than one :protocol.");
    if (!is_token(value)) return fail(400, "The request's :protocol is not a token.");
    protocol_ = value;
  } else {
    fail(400, "There is a pseudo-header field that requests do not have (RFC 9113 section 8.3.1).");
  }
}

void h2_request::read_method(std::string_view value) {
  message_.method.assign(value);
  if (!is_token(value)) return fail(400, "The request's method is not a token.");
  connect_ = value == "CONNECT";  // judged when it is known what for
  if (connect_ || is_known_method(value)) return;
  fail(501, "The method " + text::quoted(value) + " is not known here.");
}

// RFC 8441 section 4. Fields about the connection cannot come over HTTP/2: an Upgrade field can stand for this alone.
void h2_request::judge_tunnel() {
  if (!connect_) {
    if (!protocol_.empty()) fail(400, "There is a :protocol, and the method is not CONNECT (RFC 8441 section 4).");
    return;
  }
  if (protocol_.empty()) return fail(501, "CONNECT asks for a tunnel, and this server is not a proxy.");
  if (!text::iequals(protocol_, "websocket")) {
    return fail(501, "The protocol " + text::quoted(protocol_) + " is not spoken here; websocket is.");
  }
  if (length_) return fail(400, "A request for a tunnel has no Content-Length.");
  message_.method = "GET";
  message_.headers.add("Upgrade", "websocket");
  body_limit_ = std::numeric_limits<std::size_t>::max();
  tunnel_ = true;
}

void h2_request::read_path(std::string_view value) {
  message_.target.assign(value);
  if (value == "*") return;  // judged when the method is known
  if (!value.starts_with('/')) return fail(400, "The request's :path does not begin with a slash.");
  if (!is_path_and_query(value)) {
    fail(400, "The request target has a character that must be percent-encoded, or a broken escape.");
  }
}

void h2_request::plain_field(std::string_view name, std::string_view value) {
  if (name == "cookie") {
    // Cookies may come one by one; a handler sees them as HTTP/1.1 has them (RFC 9113 section 8.2.3).
    if (!cookie_.empty()) cookie_ += "; ";
    cookie_ += value;
    return;
  }
  if (name == "host") {
    const auto known = message_.headers.get("Host");
    if (std::exchange(host_seen_, true)) return fail(400, "There is more than one Host field.");
    if (!is_authority(value)) return fail(400, "The Host field is not a host with or without a port.");
    if (known && !text::iequals(*known, value)) {
      return fail(400, "The Host field and the request's :authority name different hosts.");
    }
    if (!known) message_.headers.add("Host", value);
    return;
  }
  if (name == "content-length") {
    if (length_) return fail(400, "There is more than one Content-Length.");
    length_ = content_length(value);
    if (!length_) return fail(400, "Content-Length is not a plain decimal number.");
  }
  message_.headers.add(name, value);
}

void h2_request::judge_target() {
  if (!method_seen_ || !path_seen_ || scheme_.empty()) {
    return fail(400, "The request has no :method, no :scheme or no :path (RFC 9113 section 8.3.1).");
  }
  if (message_.target == "*" && message_.method != "OPTIONS") {
    fail(400, "The request target * is for OPTIONS alone.");
  }
}

void h2_request::judge_host() {
  if (!message_.headers.contains("Host")) fail(400, "A request needs an :authority or a Host field.");
}

// RFC 9110 section 10.1.1: 100-continue is the only expectation.
void h2_request::judge_expect() {
  const auto expect = message_.headers.get("Expect");
  if (!expect) return;
  if (!text::iequals(*expect, "100-continue") || message_.headers.count("Expect") != 1) {
    return fail(417, "No expectation other than 100-continue can be met here.");
  }
  expects_continue_ = true;
}

void h2_request::end_head(bool more) {
  if (!failure_) judge_tunnel();
  if (!failure_) judge_target();
  if (!failure_) judge_host();
  if (!failure_) judge_expect();
  if (failure_) return;
  if (!cookie_.empty()) message_.headers.add("Cookie", std::exchange(cookie_, {}));
  if (length_.value_or(0) > bounds_.body_bytes) {
    return fail(413, "The body is larger than the " + std::to_string(bounds_.body_bytes) + " bytes allowed here.");
  }
  expects_continue_ = expects_continue_ && more && !tunnel_;
  phase_ = phase::body;
}

void h2_request::limit_body(std::size_t bytes) {
  body_limit_ = std::min(body_limit_, bytes);
  if (length_.value_or(0) <= body_limit_) return;
  fail(413, "The body is larger than the " + std::to_string(body_limit_) + " bytes allowed here.");
}

void h2_request::data(std::string_view piece) {
  if (failure_) return;
  body_bytes_ += piece.size();
  if (body_bytes_ > body_limit_) {
    return fail(413, "The body is larger than the " + std::to_string(body_limit_) + " bytes allowed here.");
  }
  if (length_ && body_bytes_ > *length_) return fail(400, "The body is longer than its Content-Length.");
  (in_pieces_ ? piece_ : message_.body).append(piece);
}

std::string h2_request::take_piece() { return std::exchange(piece_, {}); }

void h2_request::trailer_field(std::string_view name, std::string_view value) {
  if (failure_ || !take_room(name, value, trailer_left_, bounds_.trailer_bytes, "trailer")) return;
  if (name.starts_with(':')) return fail(400, "There is a pseudo-header field in a trailer (RFC 9113 section 8.1).");
  if (const char* fault = field_fault(name, value)) return fail(400, fault);
  if (!is_trailer_allowed(name)) {
    return fail(400, "The field " + text::quoted(name) + " cannot stand in a trailer (RFC 9110 section 6.5.1).");
  }
  message_.trailers.add(name, value);
}

void h2_request::end() {
  if (!failure_ && length_ && *length_ != body_bytes_) fail(400, "The body is shorter than its Content-Length.");
  phase_ = phase::ended;
}

}  // namespace mutual::http
