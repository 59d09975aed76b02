#pragma once
// Server-sent events: what a browser's EventSource reads.

#include <mutual/request.hpp>
#include <mutual/response.hpp>
#include <mutual/task.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mutual {

class body_writer;

/// One event. Its data may have several lines; its name and its id may not: what of them cannot be sent throws
/// std::invalid_argument where it is sent.
class event {
 public:
  explicit event(std::string data) : data_(std::move(data)) {}

  /// The kind that the page listens for; "message" if it has none.
  event& name(std::string what) & { return name_ = std::move(what), *this; }
  event&& name(std::string what) && { return name_ = std::move(what), std::move(*this); }
  /// What the browser sends as Last-Event-ID when it connects again after this one.
  event& id(std::string what) & { return id_ = std::move(what), *this; }
  event&& id(std::string what) && { return id_ = std::move(what), std::move(*this); }
  /// How long the browser waits before it connects again.
  event& retry(std::chrono::milliseconds wait) & { return retry_ = wait, *this; }
  event&& retry(std::chrono::milliseconds wait) && { return retry_ = wait, std::move(*this); }

  /// As it is sent.
  std::string to_text() const;

 private:
  std::string data_;
  std::optional<std::string> name_, id_;
  std::optional<std::chrono::milliseconds> retry_;
};

/// Where a task sends events to. Belongs to that task.
class event_stream {
 public:
  explicit event_stream(body_writer& out) : out_(out) {}

  /// Sends one; comes back when the network has taken it. If the reader has gone, the task is destroyed where it waits.
  task<> send(event what);
  task<> send(std::string data) { return send(event(std::move(data))); }

 private:
  body_writer& out_;
};

/// A stream of events that a task sends, until it ends or the reader goes. While it has nothing to say, a comment is
/// sent now and then: what stands between keeps the connection open, and a reader that has vanished is noticed. When
/// the server stops, the stream is cut; browsers connect again by themselves.
///
///     app.get("/ticks", [] {
///       return mutual::events([](mutual::event_stream& out) -> mutual::task<> {
///         for (int n = 0;; ++n) {
///           co_await out.send(std::to_string(n));
///           co_await mutual::sleep(std::chrono::seconds(1));
///         }
///       });
///     });
response events(std::function<task<>(event_stream&)> sender,
                std::chrono::milliseconds heartbeat = std::chrono::seconds(15));

/// The id of the last event that a browser has seen before it lost the connection; nothing on its first.
std::optional<std::string_view> last_event_id(const request& incoming);

}  // namespace mutual
