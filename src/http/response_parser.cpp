#include "http/response_parser.hpp"

#include "http/grammar.hpp"

#include <string>
#include <utility>

namespace mutual::http {
namespace {

constexpr int most_interim = 16;

bool never_has_body(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

void response_parser::reset() {
  reader_.reset();
  message_.status = 200;
  message_.headers.clear_and_shrink(1024);
  clear_and_shrink(message_.body, 256);
  trailers_.clear_and_shrink(0);
  version_minor_ = 1;
  skipped_ = 0;
  to_head_ = keep_ = false;
  phase_ = phase::start;
}

bool response_parser::keep_alive() const { return phase_ == phase::body && keep_; }

std::string response_parser::take_body_piece() { return std::exchange(message_.body, std::string()); }

response_parser::step response_parser::feed(std::string_view bytes) {
  const auto before = bytes.size();
  const auto state = advance(bytes);
  if (state == parse_state::failed && phase_ != phase::failed) {
    reader_.fail(502, failure().detail);  // Whatever it is, it is the server's fault: a proxy answers 502.
    phase_ = phase::failed;
  }
  return {before - bytes.size(), state};
}

parse_state response_parser::finish() {
  if (phase_ == phase::failed) return parse_state::failed;
  if (phase_ == phase::body && reader_.ends_here()) return parse_state::done;
  reader_.fail(502, idle() ? "The server closed the connection without an answer."
                           : "The server closed the connection in the middle of its answer.");
  phase_ = phase::failed;
  return parse_state::failed;
}

parse_state response_parser::advance(std::string_view& bytes) {
  bool starved = false;
  while (phase_ == phase::start || phase_ == phase::fields) {
    const bool good = phase_ == phase::start ? read_start(bytes, starved) : read_head_line(bytes, starved);
    if (!good) return parse_state::failed;
    if (starved) return parse_state::need_more;
    if (phase_ == phase::body) return parse_state::head_done;
  }
  if (phase_ == phase::failed) return parse_state::failed;
  return reader_.read_body(bytes, message_.body, trailers_);
}

bool response_parser::read_start(std::string_view& bytes, bool& starved) {
  if (reader_.partial_line().empty() && !bytes.empty() && bytes.front() != 'H') {
    return reader_.fail(502, "What the server answered is not HTTP/1.1.");
  }
  std::string_view line;
  const auto outcome = reader_.head_line(bytes, line);
  if (outcome == line_buffer::outcome::need_more) return starved = true;
  return outcome == line_buffer::outcome::line && read_status_line(line);
}

// HTTP/1.x SP 3DIGIT [ SP phrase ] (RFC 9112 section 4). The space before an absent phrase is often left out, and
// nothing can be read into that.
bool response_parser::read_status_line(std::string_view line) {
  const auto version = line.substr(0, 8);
  const auto status = line.substr(std::min<std::size_t>(line.size(), 9), 3);
  if ((version != "HTTP/1.1" && version != "HTTP/1.0") || line.size() < 12 || line[8] != ' ' || !is_digits(status) ||
      status.front() < '1' || status.front() > '5' || (line.size() > 12 && line[12] != ' ') ||
      !is_field_value(line.substr(12))) {
    return reader_.fail(502, "The server's status line is not HTTP/1.1, a status and a phrase.");
  }
  version_minor_ = version.back() - '0';
  message_.status = (status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0');
  if (message_.status == 101) return reader_.fail(502, "The server switched protocols without being asked to.");
  const auto& seen = reader_.see_line();
  if (seen.error || reader_.second().status() != message_.status ||
      reader_.second().version_minor() != version_minor_) {
    return reader_.fail(502, "The server's status line can be read in two ways.");
  }
  reader_.second().expect_no_body(to_head_ || never_has_body(message_.status));
  reader_.set_version(version_minor_);
  phase_ = phase::fields;
  return true;
}

bool response_parser::read_head_line(std::string_view& bytes, bool& starved) {
  std::string_view line;
  const auto outcome = reader_.head_line(bytes, line);
  if (outcome == line_buffer::outcome::need_more) return starved = true;
  if (outcome != line_buffer::outcome::line) return false;
  if (line.empty()) return end_head();
  fields::field read;
  return reader_.read_field(line, message_.headers, read);
}

// Content-Length in 204 and 1xx is forbidden (RFC 9110 section 8.6); a 0 there is common and harmless.
bool response_parser::end_head() {
  const auto& said = reader_.said();
  const bool bodiless = never_has_body(message_.status);
  if (bodiless && message_.status != 304 && (said.kind == body_kind::chunked || said.length != 0)) {
    return reader_.fail(502, "The server announced a body with a status that has none.");
  }
  const bool no_body = to_head_ || bodiless;
  if (said.kind == body_kind::length && !no_body && said.length > reader_.bounds().body_bytes) {
    return reader_.fail(
        502, "The answer is larger than the " + std::to_string(reader_.bounds().body_bytes) + " bytes allowed here.");
  }
  if (!reader_.end_head(no_body, body_kind::until_close)) return false;
  if (message_.status < 200) return skip_interim();
  keep_ = reader_.kind() != body_kind::until_close && !message_.headers.has_token("Connection", "close") &&
          (version_minor_ == 1 || message_.headers.has_token("Connection", "keep-alive"));
  phase_ = phase::body;
  return true;
}

// Interim responses come before the real one; we answer none of them (RFC 9110 section 15.2).
bool response_parser::skip_interim() {
  if (++skipped_ > most_interim) return reader_.fail(502, "The server sends interim responses without end.");
  reader_.reset();
  message_.headers.clear();
  phase_ = phase::start;
  return true;
}

}  // namespace mutual::http
