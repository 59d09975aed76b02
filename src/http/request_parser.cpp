#include "http/request_parser.hpp"

#include "base/text.hpp"
#include "http/grammar.hpp"
#include "http/target.hpp"

#include <algorithm>
#include <string>

namespace mutual::http {
namespace {

constexpr std::size_t longest_method = 32;
// " HTTP/1.1\r\n" and the space after the method.
constexpr std::size_t around_target = 12;

// The line's version as a digit, or a failure: only HTTP/1.0 and HTTP/1.1 are spoken here.
bool read_version(std::string_view version, request& into, message_reader& reader) {
  if (version == "HTTP/1.1" || version == "HTTP/1.0") {
    into.version_minor = version.back() - '0';
    return true;
  }
  const bool well_formed = version.size() == 8 && version.starts_with("HTTP/") && is_digits(version.substr(5, 1)) &&
                           version[6] == '.' && is_digits(version.substr(7));
  if (!well_formed) return reader.fail(400, "The request line does not end in HTTP/1.1 or HTTP/1.0.");
  into.version_major = version[5] - '0';
  into.version_minor = version[7] - '0';
  if (version == "HTTP/2.0") {
    return reader.fail(505, "HTTP/2 was not negotiated on this connection; use HTTP/1.1.");
  }
  return reader.fail(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
}

}  // namespace

void request_parser::reset() {
  reader_.reset();
  clear_and_shrink(message_.method, longest_method);
  clear_and_shrink(message_.target, 256);
  clear_and_shrink(message_.body, 256);
  message_.source = nullptr;
  message_.headers.clear_and_shrink(1024);
  message_.trailers.clear_and_shrink(0);
  message_.version_major = message_.version_minor = 1;
  expects_continue_ = keep_ = skipped_line_ = false;
  phase_ = phase::start;
}

bool request_parser::idle() const {
  return phase_ == phase::start && (reader_.partial_line().empty() || reader_.partial_line() == "\r");
}

bool request_parser::keep_alive() const { return phase_ == phase::body && keep_; }

request_parser::step request_parser::feed(std::string_view bytes) {
  const auto before = bytes.size();
  const auto state = advance(bytes);
  if (state == parse_state::failed) phase_ = phase::failed;
  return {before - bytes.size(), state};
}

parse_state request_parser::advance(std::string_view& bytes) {
  bool starved = false;
  while (phase_ == phase::start) {
    if (!read_start(bytes, starved)) return parse_state::failed;
    if (starved) return parse_state::need_more;
  }
  while (phase_ == phase::fields) {
    if (!read_head_line(bytes, starved)) return parse_state::failed;
    if (starved) return parse_state::need_more;
    if (phase_ == phase::body) return parse_state::head_done;
  }
  if (phase_ == phase::failed) return parse_state::failed;
  return reader_.read_body(bytes, message_.body, message_.trailers);
}

// Reads the request line, and one empty line before it: "a server SHOULD ignore at least one" (RFC 9112 section 2.2),
// for old clients that send one after a body. It stands before any message, so nobody can read it as part of one.
bool request_parser::read_start(std::string_view& bytes, bool& starved) {
  if (reader_.partial_line().empty() && !bytes.empty() && !is_token_char(bytes.front()) &&
      (bytes.front() != '\r' || skipped_line_)) {
    return reader_.fail(400, bytes.front() == '\x16' ? "This port speaks plain HTTP, and a TLS handshake came."
                                                     : "What came is not an HTTP request.");
  }
  const auto limit = reader_.bounds().target_bytes + longest_method + around_target;
  std::string_view line;
  const auto outcome = reader_.start_line(bytes, limit, line);
  if (outcome == line_buffer::outcome::too_long) {
    keep_for_the_log(reader_.partial_line(), bytes);
    return target_too_long();
  }
  if (outcome == line_buffer::outcome::need_more) return starved = true;
  if (outcome != line_buffer::outcome::line) return false;
  if (line.empty()) return skipped_line_ = true;
  return read_request_line(line);
}

bool request_parser::read_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == last) return reader_.fail(400, "The request line is not a method, a target and a version.");
  message_.method.assign(line.substr(0, first));
  const auto target = line.substr(first + 1, last - first - 1);
  if (!is_token(message_.method)) return reader_.fail(400, "The request's method is not a token.");
  if (!read_version(line.substr(last + 1), message_, reader_)) {
    keep_for_the_log(line, {});
    return false;
  }
  if (!is_known_method(message_.method)) {
    keep_for_the_log(line, {});
    return reader_.fail(501, message_.method == "CONNECT"
                                 ? "CONNECT asks for a tunnel, and this server is not a proxy."
                                 : "The method " + text::quoted(message_.method) + " is not known here.");
  }
  if (!read_target(target)) return false;
  const auto& seen = reader_.see_line();
  if (seen.error || seen.target != target || reader_.second().method() != message_.method ||
      reader_.second().version_minor() != message_.version_minor) {
    return reader_.fail(400, "The request line can be read in two ways.");
  }
  reader_.set_version(message_.version_minor);
  phase_ = phase::fields;
  return true;
}

// Of a request line that is refused before its target is read: what was asked, as far as a log needs it.
void request_parser::keep_for_the_log(std::string_view line, std::string_view more) {
  const auto most = reader_.bounds().target_bytes;
  std::string all(line.substr(0, longest_method + most));
  all.append(more.substr(0, longest_method + most - all.size()));
  const auto space = all.find(' ');
  if (space > longest_method) return;
  message_.method.assign(all, 0, space);
  message_.target.assign(all, space + 1, std::min(all.find_first_of(" \r", space + 1) - space - 1, most));
}

bool request_parser::target_too_long() {
  const auto& bounds = reader_.bounds();
  // The line must fit into the head, too.
  if (bounds.head_bytes < bounds.target_bytes) {
    return reader_.fail(414, "The request line is longer than the " + std::to_string(bounds.head_bytes) +
                                 " bytes that a whole header may have here.");
  }
  return reader_.fail(414, "The request target is longer than the " + std::to_string(reader_.bounds().target_bytes) +
                               " bytes allowed here.");
}

// Judges the target's form (RFC 9112 section 3.2) and keeps it.
bool request_parser::read_target(std::string_view target) {
  message_.target.assign(target.substr(0, reader_.bounds().target_bytes));
  if (target.size() > reader_.bounds().target_bytes) return target_too_long();
  if (target == "*") {
    return message_.method == "OPTIONS" || reader_.fail(400, "The request target * is for OPTIONS alone.");
  }
  if (!is_path_and_query(target)) {
    return reader_.fail(400, "The request target has a character that must be percent-encoded, or a broken escape.");
  }
  if (target.starts_with('/')) return true;
  const auto absolute = split_absolute(target);
  if (!absolute) return reader_.fail(400, "The request target is neither a path nor an http or https URL.");
  return is_authority(absolute->authority) || reader_.fail(400, "The request target's host is not one.");
}

bool request_parser::read_head_line(std::string_view& bytes, bool& starved) {
  std::string_view line;
  const auto outcome = reader_.head_line(bytes, line);
  if (outcome == line_buffer::outcome::need_more) return starved = true;
  if (outcome != line_buffer::outcome::line) return false;
  if (line.empty()) return end_head();
  fields::field read;
  return reader_.read_field(line, message_.headers, read);
}

bool request_parser::limit_body(std::size_t bytes) {
  if (reader_.limit_body(bytes)) return true;
  phase_ = phase::failed;
  return false;
}

// Ends the head: judges what its fields say together, first what nobody could read reliably (400), then what we do not
// do (417, 413).
bool request_parser::end_head() {
  if (!judge_host()) return false;
  if (reader_.has(known_field::expect) && !judge_expect()) return false;
  if (reader_.said().length > reader_.bounds().body_bytes) {
    return reader_.fail(
        413, "The body is larger than the " + std::to_string(reader_.bounds().body_bytes) + " bytes allowed here.");
  }
  if (!reader_.end_head(false, body_kind::none)) return false;
  const bool connection = reader_.has(known_field::connection);
  keep_ = message_.version_minor == 1 || (connection && message_.headers.has_token("Connection", "keep-alive"));
  if (connection && message_.headers.has_token("Connection", "close")) keep_ = false;
  phase_ = phase::body;
  return true;
}

// Exactly one Host, and it names what an absolute-form target names (RFC 9112 section 3.2). A server or a policy that
// chose by the one and a proxy that chose by the other would disagree about where the request goes.
bool request_parser::judge_host() {
  const auto host = message_.headers.get("Host");
  if (!host && message_.version_minor == 1) return reader_.fail(400, "An HTTP/1.1 request needs a Host field.");
  if (host && message_.headers.count("Host") != 1) return reader_.fail(400, "There is more than one Host field.");
  if (host && !is_authority(*host)) return reader_.fail(400, "The Host field is not a host with or without a port.");
  if (message_.target.starts_with('/') || message_.target == "*") return true;
  const auto absolute = split_absolute(message_.target);
  if (!absolute || (host && !text::iequals(*host, absolute->authority))) {
    return reader_.fail(400, "The Host field and the request target name different hosts.");
  }
  if (!host) message_.headers.add("Host", absolute->authority);
  const bool slash = absolute->path_and_query.starts_with('/');
  message_.target = (slash ? "" : "/") + std::string(absolute->path_and_query);
  return true;
}

// RFC 9110 section 10.1.1: 100-continue is the only expectation, and means nothing in HTTP/1.0.
bool request_parser::judge_expect() {
  const auto expect = message_.headers.get("Expect");
  if (!expect) return true;
  if (!text::iequals(*expect, "100-continue") || message_.headers.count("Expect") != 1) {
    return reader_.fail(417, "No expectation other than 100-continue can be met here.");
  }
  expects_continue_ = message_.version_minor == 1;
  return true;
}

}  // namespace mutual::http
