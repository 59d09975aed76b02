// What mutual get tells of a server's answer: the bytes are fields, an empty line and a body. Held to: no sentence does
// anything to a terminal, or has more lines than we give it; --json is one line of JSON, and gives the body back.

#include "base/base64.hpp"
#include "base/characters.hpp"
#include "cli/get_output.hpp"
#include "client/handshake_report.hpp"
#include "http/grammar.hpp"

#include <boost/json.hpp>

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

// Whether it is UTF-8, every character of which `is_good`.
template <class Good>
bool is_text(std::string_view text, Good is_good) {
  for (std::size_t at = 0; at < text.size();) {
    const auto length = text::utf8_length(text, at);
    if (length == 0 || !is_good(at, length)) return false;
    at += length;
  }
  return true;
}

// But for the ends of our own lines.
bool is_harmless(std::string_view text) {
  return is_text(text, [&](std::size_t at, std::size_t length) {
    return text[at] == '\n' || !text::is_control(text, at, length);
  });
}

void told_in_json(const cli::got& outcome) {
  const auto line = cli::exchange_json("https://localhost/", client::handshake_report(), outcome);
  // RFC 8259 section 7.
  require(is_text(line, [&](std::size_t at, std::size_t) { return static_cast<unsigned char>(line[at]) >= 0x20; }));
  const auto read = boost::json::parse(line).as_object();
  require(read.at("status").as_int64() == outcome.head->status);
  require(read.at("headers").as_array().size() == outcome.head->headers.size());
  if (const auto* text = read.if_contains("body")) {
    require(std::string_view(text->as_string()) == outcome.body);
  } else {
    require(base64::decode(std::string_view(read.at("body_base64").as_string())) == outcome.body);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto head_end = std::min(bytes.find("\n\n"), size);
  response head(503);
  if (size > 0) head.status = 400 + data[0] % 200;
  for (auto lines = bytes.substr(0, head_end); !lines.empty();) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const auto line = lines.substr(0, end);
    const auto colon = line.find(": ");
    // What the parser of answers lets through.
    const bool is_field = colon != std::string_view::npos && http::is_token(line.substr(0, colon)) &&
                          http::is_field_value(line.substr(colon + 2));
    if (is_field) head.headers.add(line.substr(0, colon), line.substr(colon + 2));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  cli::got outcome;
  outcome.body = bytes.substr(std::min(head_end + 2, size));
  const auto said = cli::refused_by_status(head, outcome.body).message();
  require(said.starts_with("the server answered ") && is_harmless(said) && said.size() < 20'000);
  // The status and the server's words, and the two lines of a reason that we know.
  require(std::count(said.begin(), said.end(), '\n') <= 2);
  require(is_harmless(cli::head_text(head)));
  outcome.head = std::move(head);
  told_in_json(outcome);
  return 0;
}
