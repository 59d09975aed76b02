#include "http/urlencoded.hpp"

#include "base/characters.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <optional>

namespace mutual::http {
namespace {

std::optional<std::string> decoded(std::string_view text) {
  auto out = text::percent_decoded(text, true);
  if (!out) return std::nullopt;
  for (std::size_t at = 0; at < out->size();) {
    const auto length = text::utf8_length(*out, at);
    if (length == 0 || (*out)[at] == '\0') return std::nullopt;
    at += length;
  }
  return out;
}

}  // namespace

bool urlencoded_parser::fail(std::string_view why, bool too_large) {
  failure_ = why;
  too_large_ = too_large;
  return false;
}

bool urlencoded_parser::feed(std::string_view piece) {
  while (!piece.empty()) {
    const auto end = std::min(piece.find('&'), piece.size());
    if (!failure_.empty()) return false;
    if (end > field_bytes_ - held_.size()) return fail("a field of the form is too large", true);
    held_ += piece.substr(0, end);
    if (end == piece.size()) return true;
    piece.remove_prefix(end + 1);
    if (!this->end()) return false;
  }
  return failure_.empty();
}

bool urlencoded_parser::end() {
  if (!failure_.empty()) return false;
  if (held_.empty()) return true;
  if (out_.size() == fields_) return fail("the form has too many fields", true);
  const std::string_view field = held_;
  const auto equals = std::min(field.find('='), field.size());
  auto name = decoded(field.substr(0, equals));
  auto value = decoded(field.substr(std::min(equals + 1, field.size())));
  if (!name || !value) return fail("a field of the form is not UTF-8, or has a broken escape");
  out_.emplace_back(*std::move(name), *std::move(value));
  held_.clear();
  return true;
}

}  // namespace mutual::http
