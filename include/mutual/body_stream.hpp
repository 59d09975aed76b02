#pragma once
// body_stream: a request's body, read piece by piece.

#include <mutual/body.hpp>
#include <mutual/request.hpp>
#include <mutual/task.hpp>

#include <optional>
#include <string>

namespace mutual {

/// A request's body, piece by piece. A handler that takes one is called when the head of the request is there, and the
/// body stays with the client until it is asked for: a slow handler slows the sender, and memory stays flat however
/// large the body. The route's `body_limit` still holds.
///
///     app.put("/blobs/{name}", [](std::string name, mutual::body_stream body) -> mutual::task<mutual::response> {
///       blob out(name);
///       while (auto piece = co_await body.next()) out.write(*piece);
///       co_return mutual::created("/blobs/" + name);
///     }).body_limit(4'000'000'000);
///
/// What is left unread at the end of the handler ends the connection after its answer. Copies read the same body. It
/// belongs to the request's thread, and is of use until the answer has been sent: a response's `source` may read it.
class body_stream {
 public:
  /// Of a request whose body was read whole (it has no `source`), it takes the body.
  explicit body_stream(request& incoming);

  /// The next piece, never empty; nothing at the end. Throws `body_error` if the rest cannot be had. One at a time.
  task<std::optional<std::string>> next();

 private:
  body_source source_;
};

}  // namespace mutual
