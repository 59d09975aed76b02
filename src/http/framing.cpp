#include "http/framing.hpp"

#include "base/text.hpp"
#include "http/grammar.hpp"

#include <string>

namespace mutual::http {
namespace {

parse_failure refused_coding(std::string_view value) {
  const auto codings = text::split_list(value);
  std::size_t chunked = 0;
  bool tokens = !codings.empty();
  for (const auto coding : codings) {
    if (text::iequals(coding, "chunked")) ++chunked;
    tokens = tokens && is_token(coding);
  }
  // A body whose last coding is not chunked has no end that can be known: 400 by RFC 9112 section 6.3, rule 4.
  if (!tokens || chunked != 1 || !text::iequals(codings.back(), "chunked") || codings.size() == 1) {
    return {400, "Transfer-Encoding is not chunked."};
  }
  return {501, "No transfer coding other than chunked is known here."};
}

}  // namespace

std::optional<parse_failure> judge_framing(const fields& headers, int version_minor, framing& found) {
  const auto length = headers.get("Content-Length");
  const auto coding = headers.get("Transfer-Encoding");
  if (!length && !coding) return std::nullopt;
  if (length && coding) {
    return parse_failure{400, "Content-Length and Transfer-Encoding stand in one message (RFC 9112 section 6.1)."};
  }
  if (length) {
    if (headers.count("Content-Length") != 1) return parse_failure{400, "There is more than one Content-Length."};
    const auto number = content_length(*length);
    if (!number) return parse_failure{400, "Content-Length is not a plain decimal number."};
    found = {body_kind::length, *number};
    return std::nullopt;
  }
  if (version_minor == 0) return parse_failure{400, "Transfer-Encoding does not exist in HTTP/1.0."};
  if (headers.count("Transfer-Encoding") != 1) return parse_failure{400, "There is more than one Transfer-Encoding."};
  if (!text::iequals(*coding, "chunked")) return refused_coding(*coding);
  found = {body_kind::chunked, 0};
  return std::nullopt;
}

}  // namespace mutual::http
