#include <mutual/body_stream.hpp>

#include <memory>
#include <utility>

namespace mutual {
namespace {

// A body that was read whole, since a middleware led the request here, is one piece.
body_source in_one_piece(std::string whole) {
  auto left = std::make_shared<std::string>(std::move(whole));
  return [left]() -> task<std::optional<std::string>> {
    if (left->empty()) co_return std::nullopt;
    co_return std::exchange(*left, {});
  };
}

}  // namespace

body_stream::body_stream(request& incoming)
    : source_(incoming.source ? incoming.source : in_one_piece(std::move(incoming.body))) {}

task<std::optional<std::string>> body_stream::next() { return source_(); }

}  // namespace mutual
