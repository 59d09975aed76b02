#include "http/response_writer.hpp"

#include "http/field_writer.hpp"

#include <array>
#include <charconv>

namespace mutual::http {
namespace {

void write_status_line(std::string& out, int status) {
  const auto digit = [](int value) { return static_cast<char>('0' + value % 10); };
  out += "HTTP/1.1 ";
  out += digit(status / 100);
  out += digit(status / 10);
  out += digit(status);
  out += ' ';
  out += status_phrase(status);
  out += "\r\n";
}

body_kind choose_body(const response& what, int version_minor) {
  if (!what.source || what.length) return body_kind::length;
  return version_minor == 0 ? body_kind::until_close : body_kind::chunked;
}

void write_framing(std::string& out, body_kind kind, std::size_t length) {
  if (kind == body_kind::chunked) out += "Transfer-Encoding: chunked\r\n";
  if (kind == body_kind::length) write_content_length(out, length);
}

void write_connection(std::string& out, bool keep_alive, int version_minor) {
  if (!keep_alive) {
    out += "Connection: close\r\n";
  } else if (version_minor == 0) {
    out += "Connection: keep-alive\r\n";
  }
}

}  // namespace

// RFC 9110: 204 and 304 never have a body, 205 must not either (section 15.3.6).
bool may_have_body(int status) { return status != 204 && status != 205 && status != 304; }

// What a handler says of the length counts only where it is all that is known: for a source, which is held to it, and
// for the answer to a HEAD that has no body at hand. A wrong one would make the client read the next answer wrongly.
std::size_t body_length(const response& what, bool to_head) {
  const bool promised = what.source || (to_head && what.body.empty());
  return promised && what.length ? *what.length : what.body.size();
}

result<> check_response_head(const response& what) {
  if (what.status < 200 || what.status > 599) {
    return error(errc::internal, "a response has the status " + std::to_string(what.status) + ": use 200 to 599");
  }
  return check_fields(what.headers);
}

result<written_head> write_response_head(std::string& out, const response& what, const response_terms& terms) {
  MUTUAL_CHECK(check_response_head(what));
  const bool body = may_have_body(what.status);
  const auto kind = body ? choose_body(what, terms.version_minor) : body_kind::none;
  written_head written;
  written.body = terms.to_head ? body_kind::none : kind;
  written.keep_alive =
      terms.keep_alive && written.body != body_kind::until_close && !what.headers.has_token("Connection", "close");

  write_status_line(out, what.status);
  write_end_to_end_fields(out, what.headers);
  // RFC 9110 section 15.5.22: whoever asks for another protocol must say which.
  if (const auto wanted = what.status == 426 ? what.headers.get("Upgrade") : std::nullopt) {
    write_field(out, "Upgrade", *wanted);
    write_field(out, "Connection", "Upgrade");
  }
  if (!terms.date.empty() && !what.headers.contains("Date")) write_field(out, "Date", terms.date);
  // An answer to HEAD says what one to GET would, as far as it is known (RFC 9110 section 9.3.2).
  const std::size_t length = body_length(what, terms.to_head);
  write_framing(out, kind, length);
  if (what.status == 205) write_content_length(out, 0);
  write_connection(out, written.keep_alive, terms.version_minor);
  out += "\r\n";
  if (written.body == body_kind::length && length == 0) written.body = body_kind::none;
  return written;
}

result<> write_switching_head(std::string& out, const response& what, std::string_view date) {
  MUTUAL_CHECK(check_fields(what.headers));
  const auto protocol = what.headers.get("Upgrade");
  if (what.status != 101 || !protocol) {
    return error(errc::internal, "a response that takes its connection over has no status 101 or no Upgrade field");
  }
  write_status_line(out, what.status);
  write_end_to_end_fields(out, what.headers);
  write_field(out, "Upgrade", *protocol);
  write_field(out, "Connection", "Upgrade");
  if (!date.empty()) write_field(out, "Date", date);
  out += "\r\n";
  return {};
}

void write_chunk(std::string& out, std::string_view piece) {
  if (piece.empty()) return;
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16).ptr;
  out.append(digits.data(), end).append("\r\n").append(piece).append("\r\n");
}

void write_last_chunk(std::string& out) { out += "0\r\n\r\n"; }

void write_continue(std::string& out) { out += "HTTP/1.1 100 Continue\r\n\r\n"; }

}  // namespace mutual::http
