#include "http/message_reader.hpp"

#include "base/text.hpp"
#include "http/grammar.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace mutual::http {
namespace {

constexpr const char* bare_lf_detail =
    "A line ends in a line feed without a carriage return; HTTP/1.1 lines end in both.";

constexpr unsigned framing_fields =
    static_cast<unsigned>(known_field::content_length) | static_cast<unsigned>(known_field::transfer_encoding);

// What is wrong with a field line, in words; null if nothing is.
const char* field_fault(std::string_view line, std::size_t colon) {
  if (line.front() == ' ' || line.front() == '\t') {
    return "A header line begins with white space; folded lines are not accepted (RFC 9112 section 5.2).";
  }
  if (colon == std::string_view::npos) return "A header line has no colon.";
  const auto name = line.substr(0, colon);
  if (name.empty()) return "A header field has no name.";
  if (name.back() == ' ' || name.back() == '\t') {
    return "There is white space between a header field's name and its colon (RFC 9112 section 5.1).";
  }
  if (!is_token(name)) return "A header field's name has a character that names cannot have.";
  if (!is_field_value(line.substr(colon + 1))) return "A header field's value has a control character.";
  return nullptr;
}

}  // namespace

void message_reader::reset() {
  lines_.reset();
  witness_.reset();
  failure_ = parse_failure();
  raw_ = {};
  lines_left_ = limits_.head_bytes;
  field_count_ = 0;
  known_ = 0;
  said_ = framing();
  data_left_ = 0;
  body_limit_ = limits_.body_bytes;
  body_left_ = body_limit_;
  kind_ = body_kind::none;
  phase_ = phase::head;
}

bool message_reader::fail(int status, std::string detail) {
  failure_.status = status;
  failure_.detail = std::move(detail);
  return false;
}

line_buffer::outcome message_reader::start_line(std::string_view& bytes, std::size_t limit, std::string_view& line) {
  const auto outcome = lines_.take(bytes, std::min(limit, lines_left_), raw_);
  if (outcome == line_buffer::outcome::line) {
    lines_left_ -= raw_.size();
    line = raw_.substr(0, raw_.size() - 2);
  } else if (outcome == line_buffer::outcome::bare_lf) {
    fail(400, bare_lf_detail);
  }
  return outcome;
}

line_buffer::outcome message_reader::head_line(std::string_view& bytes, std::string_view& line) {
  const auto outcome = start_line(bytes, lines_left_, line);
  if (outcome == line_buffer::outcome::too_long) {
    fail(431, "The header is larger than the " + std::to_string(limits_.head_bytes) + " bytes allowed here.");
  }
  return outcome;
}

bool message_reader::read_field(std::string_view line, fields& into, fields::field& read) {
  const auto colon = line.find(':');
  if (const char* fault = field_fault(line, colon)) return fail(400, fault);
  if (++field_count_ > limits_.field_count) {
    return fail(431, "There are more than the " + std::to_string(limits_.field_count) + " header fields allowed here.");
  }
  read = {line.substr(0, colon), text::trim(line.substr(colon + 1))};
  into.add(read.name, read.value);
  const auto known = known_field_bit(read.name);
  known_ = static_cast<std::uint16_t>(known_ | known);
  if ((known & framing_fields) != 0 && !read_framing(line, into)) return false;
  const auto& seen = witness_.see(raw_);
  if (seen.error || seen.name != read.name || text::trim(seen.value) != read.value || seen.names != 1 ||
      seen.values > 1 || seen.head_end) {
    return fail(400, "The header field " + text::quoted(read.name) + " can be read in two ways" +
                         (seen.error ? ": " + std::string(seen.error) + "." : "."));
  }
  return true;
}

// Judges Content-Length and Transfer-Encoding as they come, before the witness has an opinion of its own about them.
bool message_reader::read_framing(std::string_view line, const fields& all) {
  if (line.find('\t') != std::string_view::npos) {
    return fail(400, "There is a tab in a field that frames the message; not every parser takes it for a space.");
  }
  auto failure = judge_framing(all, version_minor_, said_);
  return !failure || fail(failure->status, std::move(failure->detail));
}

bool message_reader::agrees_on_end(const witness::sighting& seen, bool ended) {
  if (!seen.error && seen.message_end == ended) return true;
  return fail(400, "The end of the message can be read in two ways" +
                       (seen.error ? ": " + std::string(seen.error) + "." : "."));
}

bool message_reader::end_head(bool no_body, body_kind otherwise) {
  lines_left_ = limits_.trailer_bytes;
  auto said = said_;
  if (said.kind == body_kind::none && !no_body) said.kind = otherwise;
  kind_ = no_body || (said.kind == body_kind::length && said.length == 0) ? body_kind::none : said.kind;
  const auto& seen = witness_.see(raw_);
  if (!seen.head_end && !seen.error) return fail(400, "The end of the header can be read in two ways.");
  if (!agrees_on_end(seen, kind_ == body_kind::none)) return false;
  if (seen.body.chunked != (said.kind == body_kind::chunked) ||
      seen.body.has_length != (said.kind == body_kind::length) ||
      (said.kind == body_kind::length && seen.body.length != said.length)) {
    return fail(400, "The length of the body can be read in two ways.");
  }
  data_left_ = kind_ == body_kind::until_close ? std::numeric_limits<std::uint64_t>::max() : said.length;
  switch (kind_) {
    case body_kind::none:
      phase_ = phase::complete;
      break;
    case body_kind::chunked:
      phase_ = phase::chunk_line;
      break;
    case body_kind::length:
    case body_kind::until_close:
      phase_ = phase::data;
      break;
  }
  return true;
}

bool message_reader::fail_body_size() {
  return fail(413, "The body is larger than the " + std::to_string(body_limit_) + " bytes allowed here.");
}

bool message_reader::limit_body(std::size_t bytes) {
  body_limit_ = std::min(body_limit_, bytes);
  body_left_ = body_limit_;
  return kind_ != body_kind::length || data_left_ <= body_left_ || fail_body_size();
}

// Takes of the body or chunk what there is, and ends it when nothing is left of it.
bool message_reader::take_data(std::string_view& bytes, std::string& into) {
  const auto piece = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), data_left_)));
  if (piece.size() > body_left_) {
    return fail_body_size();
  }
  bytes.remove_prefix(piece.size());
  data_left_ -= piece.size();
  body_left_ -= piece.size();
  into.append(piece);
  const bool ended = kind_ == body_kind::length && data_left_ == 0;
  const auto& seen = witness_.see(piece);
  if (seen.body_bytes != piece.size() && !seen.error) return fail(400, "The body can be read in two ways.");
  if (!agrees_on_end(seen, ended)) return false;
  if (ended) phase_ = phase::complete;
  if (kind_ == body_kind::chunked && data_left_ == 0) phase_ = phase::chunk_end;
  return true;
}

// Takes a line between chunks or in the trailer.
bool message_reader::take_body_line(std::string_view& bytes, std::size_t limit, std::string_view& line, bool& whole) {
  const auto outcome = lines_.take(bytes, limit, raw_);
  whole = outcome == line_buffer::outcome::line;
  if (whole) line = raw_.substr(0, raw_.size() - 2);
  if (outcome == line_buffer::outcome::bare_lf) fail(400, bare_lf_detail);
  if (outcome == line_buffer::outcome::too_long) fail_too_long();
  return whole || outcome == line_buffer::outcome::need_more;
}

bool message_reader::fail_too_long() {
  if (phase_ == phase::chunk_line)
    return fail(400, "A chunk's size line is too long; chunk extensions are not accepted.");
  if (phase_ == phase::chunk_end) return fail(400, "A chunk is longer than its size says.");
  return fail(431, "The trailer is larger than the " + std::to_string(limits_.trailer_bytes) + " bytes allowed here.");
}

bool message_reader::read_chunk_line(std::string_view line) {
  const auto size = chunk_size(line);
  if (!size) {
    return fail(400, "A chunk's size is not 1 to 16 hex digits alone on a line; chunk extensions are not accepted.");
  }
  if (*size > body_left_) {
    return fail_body_size();
  }
  const auto& seen = witness_.see(raw_);
  if (!seen.error && seen.chunk != *size) return fail(400, "A chunk's size can be read in two ways.");
  if (!agrees_on_end(seen, false)) return false;
  data_left_ = *size;
  phase_ = *size == 0 ? phase::trailer : phase::chunk_data;
  return true;
}

bool message_reader::read_trailer(std::string_view line, fields& trailers) {
  lines_left_ -= raw_.size();
  if (line.empty()) {
    if (!agrees_on_end(witness_.see(raw_), true)) return false;
    phase_ = phase::complete;
    return true;
  }
  const auto name = line.substr(0, line.find(':'));
  if (is_token(name) && !is_trailer_allowed(name)) {
    return fail(400, "The field " + text::quoted(name) + " cannot stand in a trailer (RFC 9110 section 6.5.1).");
  }
  fields::field read;
  return read_field(line, trailers, read);
}

// One step of a body: false on failure; `starved` if it needs more bytes.
bool message_reader::step_body(std::string_view& bytes, std::string& into, fields& trailers, bool& starved) {
  if (phase_ == phase::data || phase_ == phase::chunk_data) {
    starved = bytes.empty();
    return starved || take_data(bytes, into);
  }
  const auto limit = phase_ == phase::chunk_line  ? limits_.chunk_line_bytes
                     : phase_ == phase::chunk_end ? std::size_t{2}
                                                  : lines_left_;
  std::string_view line;
  bool whole = false;
  if (!take_body_line(bytes, limit, line, whole)) return false;
  starved = !whole;
  if (starved) return true;
  if (phase_ == phase::chunk_line) return read_chunk_line(line);
  if (phase_ == phase::trailer) return read_trailer(line, trailers);
  if (!agrees_on_end(witness_.see(raw_), false)) return false;
  phase_ = phase::chunk_line;
  return true;
}

parse_state message_reader::read_body(std::string_view& bytes, std::string& into, fields& trailers) {
  while (phase_ != phase::complete) {
    bool starved = false;
    if (!step_body(bytes, into, trailers, starved)) return parse_state::failed;
    if (starved) return parse_state::need_more;
  }
  return parse_state::done;
}

}  // namespace mutual::http
