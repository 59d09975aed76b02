// Requests of a connection, from any bytes. Held to: the same bytes mean the same however they are cut; what is read
// can be written and read again as the same; nothing that reaches a handler breaks the rules it was let in by.

#include "base/text.hpp"
#include "http/grammar.hpp"
#include "http/request_parser.hpp"
#include "http/request_writer.hpp"
#include "http/response_writer.hpp"
#include "http/target.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace mutual::http;
using mutual::fields;
using mutual::request;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string describe(const fields& all) {
  std::string out;
  for (std::size_t at = 0; at < all.size(); ++at) {
    out.append(all[at].name).append("=").append(all[at].value).append("|");
  }
  return out;
}

std::string describe(const request& message) {
  return message.method + " " + message.target + " " + std::to_string(message.version_minor) + "|" +
         describe(message.headers) + message.body + "|" + describe(message.trailers);
}

struct reading {
  std::vector<std::string> messages;
  std::vector<bool> keep_alive;
  int status = 0;
  std::string detail;
  bool operator==(const reading&) const = default;
};

// A connection's requests, read from pieces whose sizes repeat with `step`.
reading read(std::string_view bytes, std::size_t step, const limits& bounds, std::vector<request>* kept) {
  reading out;
  request_parser parser(bounds);
  std::size_t turn = 0;
  for (auto state = parse_state::done; !bytes.empty() || state == parse_state::head_done;) {
    const auto piece = bytes.substr(0, step == 0 ? bytes.size() : 1 + (turn++ * 7) % step);
    const auto fed = parser.feed(piece);
    state = fed.state;
    if (state == parse_state::failed) {
      out.status = parser.failure().status;
      out.detail = parser.failure().detail;
      require(out.status >= 400 && !out.detail.empty() && !parser.keep_alive());
      return out;
    }
    require(fed.consumed <= piece.size() && (state != parse_state::need_more || fed.consumed == piece.size()));
    bytes.remove_prefix(fed.consumed);
    if (state != parse_state::done) continue;
    out.messages.push_back(describe(parser.message()));
    out.keep_alive.push_back(parser.keep_alive());
    if (kept) kept->push_back(parser.message());
    parser.reset();
    require(parser.idle());
  }
  return out;
}

// What the writer leaves to itself: the connection's own fields and the framing.
fields without_framing(const fields& all) {
  fields out;
  for (std::size_t at = 0; at < all.size(); ++at) {
    const auto [name, value] = all[at];
    bool own = mutual::text::iequals(name, "Content-Length");
    for (const auto* each :
         {"Connection", "Transfer-Encoding", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Upgrade"}) {
      own = own || mutual::text::iequals(name, each);
    }
    if (!own) out.add(name, value);
  }
  return out;
}

void check_rules(const request& message, const limits& bounds) {
  require(is_known_method(message.method));
  require(message.target == "*" || (message.target.starts_with('/') && is_path_and_query(message.target)));
  require(message.headers.count("Host") == 1 || (message.version_minor == 0 && !message.headers.contains("Host")));
  require(message.headers.count("Content-Length") + message.headers.count("Transfer-Encoding") <= 1);
  require(message.headers.size() + message.trailers.size() <= bounds.field_count + 1);
  require(message.body.size() <= bounds.body_bytes);
  for (const auto* all : {&message.headers, &message.trailers}) {
    for (std::size_t at = 0; at < all->size(); ++at) {
      const auto [name, value] = (*all)[at];
      require(is_token(name) && is_field_value(value) && mutual::text::trim(value) == value);
      require(all == &message.headers || is_trailer_allowed(name));
    }
  }
  if (const auto path = decode_path(message.path())) {
    if (const auto file = to_relative_file(*path)) {
      require(("/" + *file).find("/.") == std::string::npos && !file->starts_with('/'));
    }
  }
  for (const auto& [name, value] : message.queries()) require(message.query(name).has_value() && value.size() <= 65536);
}

// Written by our writer, a request is read again as the same request.
void check_round_trip(const request& message, bool chunked) {
  request copy = message;
  copy.headers = without_framing(message.headers);
  if (!copy.headers.contains("Host")) copy.headers.add("Host", "a");
  request_terms terms;
  terms.body = {chunked ? body_kind::chunked : body_kind::length, chunked ? 0 : message.body.size()};
  std::string bytes;
  require(write_request_head(bytes, copy, terms).has_value());
  if (chunked) {
    write_chunk(bytes, std::string_view(message.body).substr(0, message.body.size() / 2));
    write_chunk(bytes, std::string_view(message.body).substr(message.body.size() / 2));
    write_last_chunk(bytes);
  } else {
    bytes += message.body;
  }
  limits wide;
  wide.head_bytes += 1024;
  wide.field_count += 8;
  std::vector<request> again;
  const auto result = read(bytes, 0, wide, &again);
  require(result.status == 0 && again.size() == 1);
  require(again[0].method == message.method && again[0].target == message.target && again[0].body == message.body);
  require(describe(without_framing(again[0].headers)) == describe(copy.headers));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  limits tight;
  tight.head_bytes = 160;
  tight.field_count = 5;
  tight.target_bytes = 40;
  tight.body_bytes = 24;
  tight.trailer_bytes = 40;
  for (const limits& bounds : {limits(), tight}) {
    std::vector<request> messages;
    const auto whole = read(bytes, 0, bounds, &messages);
    for (const std::size_t step : {1U, 5U, 23U}) require(read(bytes, step, bounds, nullptr) == whole);
    for (const auto& message : messages) {
      check_rules(message, bounds);
      check_round_trip(message, false);
      check_round_trip(message, true);
    }
  }
  return 0;
}
