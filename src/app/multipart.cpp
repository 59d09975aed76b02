#include "http/multipart.hpp"

#include "app/origin.hpp"

#include <mutual/multipart.hpp>
#include <mutual/problem.hpp>

#include <algorithm>

namespace mutual {
namespace {

using event = http::multipart_parser::event;

http::multipart_limits limits_of(const multipart_limits& given) {
  return {given.parts, given.head_bytes, given.part_bytes};
}

std::string boundary_of(const request& asked) {
  if (!is_of_this_origin(asked)) throw of_another_origin();
  const auto types = asked.headers.get_all("Content-Type");
  auto boundary = types.size() == 1 ? http::form_boundary(types.front()) : std::nullopt;
  if (!boundary) throw problem::unsupported_media_type("the body is not multipart/form-data with a boundary");
  return *std::move(boundary);
}

[[noreturn]] void throw_failure(const http::multipart_parser& parser) {
  const std::string why(parser.failure());
  throw parser.is_too_large() ? problem::too_large(why) : problem::bad_request(why);
}

[[noreturn]] void throw_broken_off() { throw problem::bad_request("the body ends before its last boundary"); }

form_part_head told(const http::part_head& head) { return {head.name, head.file_name, head.content_type}; }

task<std::optional<std::string>> whole(std::string_view& left) {
  if (left.empty()) co_return std::nullopt;
  co_return std::string(std::exchange(left, {}));
}

}  // namespace

multipart extractor<multipart>::get(request& incoming) {
  http::multipart_parser parser(boundary_of(incoming), limits_of({}));
  std::vector<form_part> parts;
  std::string_view left = incoming.body;
  while (true) {
    switch (parser.next(left)) {
      case event::need_more:
        if (!parser.ended()) throw_broken_off();
        return multipart(std::move(parts));
      case event::part:
        parts.push_back({told(parser.head()), {}});
        break;
      case event::data:
        parts.back().content += parser.data();
        break;
      case event::failed:
        throw_failure(parser);
      case event::part_end:
      case event::end:
        break;
    }
  }
}

const form_part* multipart::find(std::string_view name) const {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const auto& each) { return each.name == name; });
  return found == parts.end() ? nullptr : &*found;
}

struct multipart_reader::state {
  state(const request& asked, body_source from, const multipart_limits& limits)
      : parser(boundary_of(asked), limits_of(limits)), source(std::move(from)) {}

  // The next thing that the parser tells; need_more when the body has ended.
  task<event> next() {
    while (true) {
      const auto told = parser.next(left);
      if (told == event::failed) throw_failure(parser);
      if (told != event::need_more) co_return told;
      std::optional<std::string> more = co_await source();
      if (!more && !parser.ended()) throw_broken_off();
      if (!more) co_return event::need_more;
      piece = *std::move(more);
      left = piece;
    }
  }

  http::multipart_parser parser;
  body_source source;
  std::string piece;
  std::string_view left;  // of the piece
  std::string_view body;  // of a request that was read whole
  bool within_a_part = false;
};

multipart_reader::multipart_reader(const request& asked, body_source source, const multipart_limits& limits)
    : state_(std::make_unique<state>(asked, std::move(source), limits)) {}

multipart_reader::multipart_reader(const request& asked, const multipart_limits& limits)
    : state_(std::make_unique<state>(asked, nullptr, limits)) {
  state_->body = asked.body;
  state_->source = [&left = state_->body] { return whole(left); };
}

multipart_reader::~multipart_reader() = default;

task<std::optional<form_part_head>> multipart_reader::next_part() {
  state_->within_a_part = false;
  while (true) {
    const event told_now = co_await state_->next();
    if (told_now == event::need_more) co_return std::nullopt;
    if (told_now != event::part) continue;
    state_->within_a_part = true;
    co_return told(state_->parser.head());
  }
}

task<std::optional<std::string>> multipart_reader::next_piece() {
  if (!state_->within_a_part) co_return std::nullopt;
  const event told_now = co_await state_->next();
  if (told_now == event::data) co_return std::string(state_->parser.data());
  state_->within_a_part = false;
  co_return std::nullopt;
}

}  // namespace mutual
