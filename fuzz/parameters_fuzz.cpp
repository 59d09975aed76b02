// Words with parameters (Content-Type, Content-Disposition), and what is read of a Content-Type. Held to: what was read
// is read again when it is written, in quotes or without; no name stands twice; a boundary is one that a body may have.

#include "base/text.hpp"
#include "ca_service/media_type.hpp"
#include "http/grammar.hpp"
#include "http/multipart.hpp"
#include "http/parameters.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace mutual;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string in_quotes(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string written(const http::word_with_parameters& all, bool always_quoted) {
  std::string out(all.word);
  for (const auto& [name, value] : all.parameters) {
    out += ";" + std::string(name) + "=" + (always_quoted || !http::is_token(value) ? in_quotes(value) : value);
  }
  return out;
}

void compare(const http::word_with_parameters& one, const std::string& text) {
  const auto other = http::read_parameters(text);
  require(other && other->word == one.word && other->parameters == one.parameters);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = http::read_parameters(text);
  request asked;
  asked.headers.add("Content-Type", text);
  const auto boundary = http::form_boundary(text);
  if (!read) {
    require(!boundary && !ca_service::has_media_type(asked, "application/ocsp-request"));
    return 0;
  }
  require(!read->word.empty() && read->parameters.size() <= 16);
  for (auto at = read->parameters.begin(); at != read->parameters.end(); ++at) {
    require(http::is_token(at->first) && http::is_field_value(at->second));
    require(std::none_of(read->parameters.begin(), at,
                         [&](const auto& one) { return text::iequals(one.first, at->first); }));
    require(read->get(text::lower(at->first)) == at->second);
  }
  compare(*read, written(*read, false));
  compare(*read, written(*read, true));
  require(ca_service::has_media_type(asked, text::lower(read->word)));
  // RFC 2046 section 5.1.1.
  if (boundary) require(!boundary->empty() && boundary->size() <= 70 && boundary == read->get("boundary"));
  asked.headers.add("Content-Type", text);
  require(!ca_service::has_media_type(asked, text::lower(read->word)));
  return 0;
}
