#include "app/body_pipe.hpp"
#include "app/workers.hpp"

#include <mutual/events.hpp>

#include <stdexcept>

namespace mutual {
namespace {

// WHATWG HTML section 9.2.6: lines end at CR, LF or CRLF; a NUL makes a browser ignore an id.
void append_line(std::string& out, std::string_view field, std::string_view value) {
  if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    throw std::invalid_argument("an event's " + std::string(field) + " must be one line without NUL");
  }
  out.append(field).append(": ").append(value).append("\n");
}

void append_data(std::string& out, std::string_view data) {
  for (;;) {
    const auto end = data.find_first_of("\r\n");
    out.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) return;
    data.remove_prefix(end + (data.substr(end, 2) == "\r\n" ? 2 : 1));
  }
}

task<> send_all(const std::function<task<>(event_stream&)>& sender, body_writer& out) {
  event_stream events(out);
  task<> work = sender(events);
  co_await work;
}

// A comment is sent if nothing else has been for a while. The timer outlives the stream by one turn at most.
void beat(const std::weak_ptr<detail::body_pipe>& pipe, std::chrono::milliseconds every, home_thread& home) {
  home.after(every, [pipe, every, &home] {
    const auto open = pipe.lock();
    if (!open || open->over) return;
    beat(pipe, every, home);
    open->interject(":\n\n");
  });
}

// The heartbeat begins with the first piece that is asked for: only then is it known which thread serves it.
body_source with_heartbeat(std::shared_ptr<detail::body_pipe> pipe, std::chrono::milliseconds every) {
  const std::weak_ptr<detail::body_pipe> weak = pipe;
  return [inner = detail::source_of(std::move(pipe)), weak, every, started = false]() mutable {
    if (!std::exchange(started, true)) beat(weak, every, home_of_this_thread("a stream of events"));
    return inner();
  };
}

}  // namespace

std::string event::to_text() const {
  std::string out;
  if (name_) append_line(out, "event", *name_);
  if (id_) append_line(out, "id", *id_);
  if (retry_) out += "retry: " + std::to_string(retry_->count()) + "\n";
  append_data(out, data_);
  return out += "\n";
}

task<> event_stream::send(event what) { return out_.write(what.to_text()); }

response events(std::function<task<>(event_stream&)> sender, std::chrono::milliseconds heartbeat) {
  response made(200);
  made.headers.set("Content-Type", "text/event-stream");
  made.headers.set("Cache-Control", "no-store");
  made.endless = true;
  auto pipe = std::make_shared<detail::body_pipe>(
      [sender = std::move(sender)](body_writer& out) { return send_all(sender, out); });
  made.source = with_heartbeat(std::move(pipe), heartbeat);
  return made;
}

std::optional<std::string_view> last_event_id(const request& incoming) { return incoming.header("Last-Event-ID"); }

}  // namespace mutual
