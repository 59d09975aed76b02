// Responses of a connection, from any bytes. Held to: the same bytes mean the same however they are cut, and what is
// read can be written and read again as the same. The first byte chooses the request's method and the limits.

#include "http/grammar.hpp"
#include "http/response_parser.hpp"
#include "http/response_writer.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace mutual::http;
using mutual::fields;
using mutual::response;

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

struct whole_response {
  int status = 0;
  int version_minor = 1;
  fields headers;
  fields trailers;
  std::string body;
  bool keep_alive = false;

  std::string text() const {
    return std::to_string(status) + " " + std::to_string(version_minor) + (keep_alive ? " k|" : " c|") +
           describe(headers) + body + "|" + describe(trailers);
  }
};

struct reading {
  std::vector<whole_response> messages;
  std::string failure;

  std::string text() const {
    std::string out = failure;
    for (const auto& each : messages) out += "\n" + each.text();
    return out;
  }
};

whole_response taken(response_parser& parser, std::string body) {
  auto& message = parser.message();
  return {message.status,    parser.version_minor(), message.headers,
          parser.trailers(), std::move(body),        parser.keep_alive()};
}

// A connection's responses, from pieces whose sizes repeat with `step`, until it ends.
reading read(std::string_view bytes, std::size_t step, std::string_view method, const limits& bounds) {
  reading out;
  response_parser parser(bounds);
  parser.expect(method);
  std::string body;
  std::size_t turn = 0;
  for (auto state = parse_state::done; !bytes.empty() || state == parse_state::head_done;) {
    const auto piece = bytes.substr(0, step == 0 ? bytes.size() : 1 + (turn++ * 7) % step);
    const auto fed = parser.feed(piece);
    state = fed.state;
    if (state == parse_state::failed) {
      require(parser.failure().status == 502 && !parser.failure().detail.empty() && !parser.keep_alive());
      out.failure = parser.failure().detail;
      return out;
    }
    require(fed.consumed <= piece.size() && (state != parse_state::need_more || fed.consumed == piece.size()));
    bytes.remove_prefix(fed.consumed);
    body += parser.take_body_piece();
    require(body.size() <= bounds.body_bytes);
    if (state != parse_state::done) continue;
    out.messages.push_back(taken(parser, std::exchange(body, {})));
    parser.reset();
    parser.expect(method);
  }
  if (parser.idle()) return out;
  if (parser.finish() == parse_state::done) {
    out.messages.push_back(taken(parser, std::move(body)));
  } else {
    out.failure = parser.failure().detail;
  }
  return out;
}

// Written by our writer, a response is read again with the same status, fields and body.
void check_round_trip(const whole_response& message, bool to_head) {
  response copy(message.status);
  copy.headers = message.headers;
  copy.body = message.body;
  std::string bytes;
  const auto head = write_response_head(bytes, copy, {1, to_head, true, {}});
  require(head.has_value());
  if (head->body == body_kind::length) bytes += copy.body;
  const auto again =
      read(bytes, 0, to_head ? "HEAD" : "GET", {std::size_t{1} << 17U, 200, 1, std::size_t{1} << 21U, 18, 0});
  require(again.failure.empty() && again.messages.size() == 1 && again.messages[0].status == message.status);
  if (!to_head && message.status != 205) require(again.messages[0].body == message.body);
  for (std::size_t at = 0; at < message.headers.size(); ++at) {
    const auto [name, value] = message.headers[at];
    require(is_token(name) && is_field_value(value));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool to_head = (data[0] & 1U) != 0;
  limits bounds;
  if ((data[0] & 2U) != 0) bounds = {160, 5, 40, 24, 18, 40};
  const auto method = to_head ? "HEAD" : "GET";
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto whole = read(bytes, 0, method, bounds);
  for (const std::size_t step : {1U, 5U, 23U}) require(read(bytes, step, method, bounds).text() == whole.text());
  for (const auto& message : whole.messages) check_round_trip(message, to_head);
  return 0;
}
