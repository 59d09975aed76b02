#pragma once
// filling_source: a body's source that can put its bytes where they are wanted.

#include <mutual/body.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace mutual::http {

/// A source like any other; but who knows it (`std::function::target`) may have the bytes put into memory of its own,
/// and no piece is made for them. For what is large and of a known length: files.
struct filling_source {
  /// Fills `room` from its front and gives how much; 0 at the end. Nothing is in `room` while the task waits: others
  /// may use it meanwhile.
  using filler = std::function<task<std::size_t>(std::span<char> room)>;

  filler fill;

  task<std::optional<std::string>> operator()() const { return piece(fill); }

 private:
  // Three TLS records. From 64 KiB on, glibc gives the memory back to the system with each piece and takes it again.
  static constexpr std::size_t piece_bytes = std::size_t{48} * 1024;

  static task<std::optional<std::string>> piece(filler fill) {
    std::string made(piece_bytes, '\0');
    auto filling = fill(made);
    made.resize(co_await filling);
    if (made.size() < piece_bytes / 2) made.shrink_to_fit();
    if (made.empty()) co_return std::nullopt;
    co_return std::optional<std::string>(std::move(made));
  }
};

}  // namespace mutual::http
