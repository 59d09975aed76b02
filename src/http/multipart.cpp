#include "http/multipart.hpp"

#include "base/characters.hpp"
#include "base/text.hpp"
#include "http/grammar.hpp"
#include "http/parameters.hpp"

#include <algorithm>

namespace mutual::http {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view fields_end = "\r\n\r\n";
constexpr std::string_view last_mark = "--";

bool is_boundary(std::string_view text) {
  constexpr std::string_view others = "'()+_,-./:=? ";
  const auto allowed = [&](char c) { return text::is_letter_or_digit(c) || others.find(c) != others.npos; };
  return !text.empty() && text.size() <= 70 && text.back() != ' ' && std::all_of(text.begin(), text.end(), allowed);
}

bool is_text(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = text::utf8_length(bytes, at);
    if (length == 0 || static_cast<unsigned char>(bytes[at]) < 0x20 || bytes[at] == 0x7F) return false;
    at += length;
  }
  return true;
}

// What clients name their files is no path of ours: some send one of theirs, and some hope that it is taken for one.
std::string without_folders(std::string_view name) {
  const auto slash = name.find_last_of("/\\");
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  return name == "." || name == ".." ? std::string() : std::string(name);
}

// Why the field cannot be taken; empty if it can.
std::string_view read_disposition(std::string_view value, part_head& head) {
  const auto read = read_parameters(value);
  if (!read || !text::iequals(read->word, "form-data")) return "a part's Content-Disposition is not form-data";
  // RFC 7578 section 4.2 forbids it, and who knows it would read another name than who does not.
  if (read->get("filename*")) return "a part has a filename*, which RFC 7578 forbids";
  const auto name = read->get("name");
  if (!name || !is_text(*name)) return "a part has no name in UTF-8";
  head.name = *name;
  const auto file_name = read->get("filename");
  if (file_name && !is_text(*file_name)) return "the name of a file is not in UTF-8";
  if (file_name) head.file_name = without_folders(*file_name);
  return {};
}

bool is_plain_encoding(std::string_view value) {
  return text::iequals(value, "7bit") || text::iequals(value, "8bit") || text::iequals(value, "binary");
}

std::string_view read_type(std::string_view value, part_head& head) {
  const auto read = read_parameters(value);
  if (!read) return "a part's Content-Type is none";
  if (text::lower(read->word).starts_with("multipart/"))
    return "a part is a multipart itself, which RFC 7578 deprecates";
  head.content_type = value;
  return {};
}

// One line of a part's head. Fields that are not for forms are left out (RFC 7578 section 4.8).
std::string_view read_field(std::string_view line, part_head& head, unsigned& seen) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return "a part has a field without a name";
  const auto name = line.substr(0, colon);
  const auto value = text::trim(line.substr(colon + 1));
  if (!is_field_value(value)) return "a part has a field with a control character";
  const auto once = [&](unsigned bit) { return (std::exchange(seen, seen | bit) & bit) == 0; };
  constexpr std::string_view twice = "a part has a field twice";
  if (text::iequals(name, "Content-Disposition")) return once(1) ? read_disposition(value, head) : twice;
  if (text::iequals(name, "Content-Type")) return once(2) ? read_type(value, head) : twice;
  if (text::iequals(name, "Content-Transfer-Encoding")) {
    return is_plain_encoding(value) ? std::string_view()
                                    : "a part is in a transfer encoding, which RFC 7578 deprecates";
  }
  return {};
}

std::string_view read_head(std::string_view lines, part_head& head) {
  unsigned seen = 0;
  while (!lines.empty()) {
    const auto end = std::min(lines.find(line_end), lines.size());
    if (const auto why = read_field(lines.substr(0, end), head, seen); !why.empty()) return why;
    lines.remove_prefix(std::min(end + line_end.size(), lines.size()));
  }
  return (seen & 1U) != 0 ? std::string_view() : "a part has no Content-Disposition";
}

// Where the text ends with what may be the beginning of the delimiter; its size if it does not. A delimiter has one CR,
// at its beginning, so only the last one counts.
std::size_t held_back(std::string_view text, std::string_view delimiter) {
  const auto last = text.rfind('\r');
  const bool may_be = last != std::string_view::npos && delimiter.starts_with(text.substr(last));
  return may_be ? last : text.size();
}

}  // namespace

std::optional<std::string> form_boundary(std::string_view content_type) {
  const auto read = read_parameters(content_type);
  if (!read || !text::iequals(read->word, "multipart/form-data")) return std::nullopt;
  const auto boundary = read->get("boundary");
  if (!boundary || !is_boundary(*boundary)) return std::nullopt;
  return std::string(*boundary);
}

// The first delimiter needs no line's end before it: it is as if there had been one.
multipart_parser::multipart_parser(std::string_view boundary, const multipart_limits& limits)
    : delimiter_(std::string(line_end) + "--" + std::string(boundary)), limits_(limits), held_(line_end) {}

multipart_parser::event multipart_parser::fail(std::string_view why, bool too_large) {
  state_ = state::failed;
  failure_ = why;
  too_large_ = too_large;
  held_.clear();
  return event::failed;
}

multipart_parser::event multipart_parser::next(std::string_view& piece) {
  data_ = {};
  while (true) {
    if (state_ == state::failed) return event::failed;
    if (piece.empty()) return event::need_more;
    if (state_ == state::content) return read_content(piece);
    if (state_ == state::fields) return read_fields(piece);
    if (const auto told = read_line_ends(piece); told != event::need_more) return told;
  }
}

// What stands around the parts: the first delimiter, the two characters behind each, and the line's end after the last.
multipart_parser::event multipart_parser::read_line_ends(std::string_view& piece) {
  const std::size_t wanted = state_ == state::start ? delimiter_.size() : 2;
  const auto taken = std::min(piece.size(), wanted - held_.size());
  held_ += piece.substr(0, taken);
  piece.remove_prefix(taken);
  if (state_ == state::start) {
    if (!delimiter_.starts_with(held_)) return fail("the body does not begin with its boundary");
    if (held_.size() < wanted) return event::need_more;
    state_ = state::boundary_tail;
    held_.clear();
    return event::need_more;
  }
  if (state_ == state::epilogue) {
    if (!line_end.starts_with(held_) || !piece.empty()) return fail("something follows the last boundary");
    return event::need_more;
  }
  if (held_.size() < wanted) return event::need_more;
  const auto mark = std::exchange(held_, {});
  if (mark == last_mark) {
    state_ = state::epilogue;
    return event::end;
  }
  if (mark != line_end) return fail("something stands behind a boundary");
  state_ = state::fields;
  return event::need_more;
}

multipart_parser::event multipart_parser::read_fields(std::string_view& piece) {
  const auto before = held_.size();
  const auto taken = std::min(piece.size(), limits_.head_bytes + fields_end.size() - before);
  held_ += piece.substr(0, taken);
  const auto end = held_.find(fields_end, before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    piece.remove_prefix(taken);
    if (held_.size() >= limits_.head_bytes + fields_end.size()) return fail("a part's head is too large", true);
    return event::need_more;
  }
  piece.remove_prefix(end + fields_end.size() - before);
  held_.resize(end);
  return begin_part();
}

multipart_parser::event multipart_parser::begin_part() {
  if (++parts_ > limits_.parts) return fail("the form has too many parts", true);
  head_ = {};
  head_.content_type = "text/plain";
  if (const auto why = read_head(held_, head_); !why.empty()) return fail(why);
  held_.clear();
  part_bytes_ = 0;
  state_ = state::content;
  return event::part;
}

multipart_parser::event multipart_parser::give(std::string_view bytes) {
  if (bytes.size() > limits_.part_bytes - part_bytes_) return fail("a part is too large", true);
  part_bytes_ += bytes.size();
  data_ = bytes;
  return event::data;
}

multipart_parser::event multipart_parser::read_content(std::string_view& piece) {
  if (!held_.empty()) {
    const auto taken = std::min(piece.size(), delimiter_.size() - held_.size());
    if (!std::string_view(delimiter_).substr(held_.size()).starts_with(piece.substr(0, taken))) {
      given_ = std::exchange(held_, {});
      return give(given_);
    }
    held_ += piece.substr(0, taken);
    piece.remove_prefix(taken);
  } else if (const auto at = piece.find(delimiter_); at != 0) {
    const auto content = piece.substr(0, std::min(at, held_back(piece, delimiter_)));
    if (!content.empty()) {
      piece.remove_prefix(content.size());
      return give(content);
    }
    held_ = piece;
    piece = {};
  } else {
    held_ = delimiter_;
    piece.remove_prefix(delimiter_.size());
  }
  if (held_.size() < delimiter_.size()) return event::need_more;
  held_.clear();
  state_ = state::boundary_tail;
  return event::part_end;
}

}  // namespace mutual::http
