// A service that speaks while it is listened to: a chat over WebSockets, its transcript as server-sent events, and an
// upload that is counted while it comes.
#include <mutual/mutual.hpp>

#include <chrono>
#include <cstdio>
#include <list>
#include <memory>
#include <mutex>
#include <string>

namespace {

// Who is in the room; used by all threads.
class room {
 public:
  // In the room while it lives.
  class seat {
   public:
    seat(room& in, const mutual::websocket_sender& to) : room_(in) {
      const std::scoped_lock lock(room_.guard_);
      place_ = room_.present_.insert(room_.present_.end(), to);
    }
    ~seat() {
      const std::scoped_lock lock(room_.guard_);
      room_.present_.erase(place_);
    }
    seat(const seat&) = delete;
    seat& operator=(const seat&) = delete;

   private:
    room& room_;
    std::list<mutual::websocket_sender>::iterator place_;
  };

  void say(const std::string& line) {
    const std::scoped_lock lock(guard_);
    for (const auto& one : present_) (void)one.post(line);
    ++lines_;
  }

  std::size_t lines() {
    const std::scoped_lock lock(guard_);
    return lines_;
  }

 private:
  std::mutex guard_;
  std::list<mutual::websocket_sender> present_;
  std::size_t lines_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  mutual::app app;
  room chat;

  // doc: websocket
  app.get("/chat", [&](const mutual::request& incoming, const mutual::peer& who) {
    const std::string name = who.name();
    return mutual::accept_websocket(incoming, [&chat, name](mutual::websocket& socket) -> mutual::task<> {
      const room::seat here(chat, socket.sender());
      while (auto message = co_await socket.receive()) chat.say(name + ": " + message->data);
    });
  });
  // end: websocket

  // doc: revoked
  app.on_revoked([&](const mutual::peer& who) { chat.say(who.name() + " was shown the door"); });
  // end: revoked

  // doc: events
  app.get("/lines", [&] {
    return mutual::events([&chat](mutual::event_stream& out) -> mutual::task<> {
      std::size_t told = 0;
      for (;;) {
        const std::size_t now = chat.lines();
        if (now != told) co_await out.send(mutual::event(std::to_string(now)).name("lines"));
        told = now;
        co_await mutual::sleep(std::chrono::milliseconds(100));
      }
    });
  });
  // end: events

  // doc: written
  app.get("/countdown/{n}", [](int n) {
    return mutual::written("text/plain", [n](mutual::body_writer& out) -> mutual::task<> {
      for (int left = n; left > 0; --left) co_await out.write(std::to_string(left) + "\n");
    });
  });
  // end: written

  mutual::run_options how{.listen = count > 1 ? arguments[1] : "127.0.0.1:5000"};
  how.tls = mutual::tls::from_pki(count > 2 ? arguments[2] : "pki");
  return app.run(how);
}
