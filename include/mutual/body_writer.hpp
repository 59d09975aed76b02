#pragma once
// body_writer: a response's body, written piece by piece.

#include <mutual/response.hpp>
#include <mutual/task.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace mutual {

namespace detail {
struct body_pipe;
}

/// Where a task writes a response's body to. Belongs to that task.
class body_writer {
 public:
  /// Hands a piece to the network; comes back when the network wants the next one, so that a slow reader slows the
  /// writer. An empty piece is nothing. Does not come back at all if the reader has gone: the task is destroyed where
  /// it waits, with what it holds.
  task<> write(std::string piece);

 private:
  friend struct detail::body_pipe;
  explicit body_writer(detail::body_pipe& pipe) : pipe_(pipe) {}
  detail::body_pipe& pipe_;
};

/// 200, with a body that a task writes. The task begins when the head has been sent, and the body ends with it; what it
/// throws breaks the body off, so that it does not look whole. What the closure has captured lives as long as the task.
///
///     app.get("/primes", [] {
///       return mutual::written("text/plain", [](mutual::body_writer& out) -> mutual::task<> {
///         for (int n = 2; n < 1'000'000; n = next_prime(n)) co_await out.write(std::to_string(n) + "\n");
///       });
///     });
response written(std::string_view content_type, std::function<task<>(body_writer&)> writer);

}  // namespace mutual
