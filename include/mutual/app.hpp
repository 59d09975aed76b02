#pragma once
// app: a service, made of routes.

#include <mutual/peer.hpp>
#include <mutual/reason.hpp>
#include <mutual/request.hpp>
#include <mutual/response.hpp>
#include <mutual/revocation_list.hpp>
#include <mutual/routes.hpp>
#include <mutual/run_options.hpp>
#include <mutual/task.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual {

namespace detail {
struct app_state;
}

/// What the access log and the counters say of a request beside its response.
struct handling {
  std::optional<reason> refused;  ///< Why somebody was refused for who they are.
  std::string denied_by;          ///< The policy that did, as it is written.
  std::string failure;            ///< The id under which a handler's failure was logged.
};

/// What is known of a request before its body has been read.
struct admission {
  std::optional<std::size_t> body_limit;  ///< The largest body in bytes that its route takes, if it says.
  bool wants_body = true;                 ///< False if the request will be refused whatever its body.
  bool streams = false;                   ///< Its handler takes the body piece by piece.
};

/// A service: routes, what is required of those who call them, and what happens around them. Made in one thread; once
/// it runs it no longer changes, and any number of threads use it.
///
///     mutual::app app;
///     app.get("/", [](const mutual::peer& who) { return "Hello, " + who.name() + "\n"; });
///     return app.run({.listen = "127.0.0.1:5000", .tls = mutual::tls::from_pki("pki")});
///
/// A handler takes what it names: path parameters by position, `const peer&` (then the route needs a client that has
/// proved who it is; others are told 403), `maybe_peer`, the request, a body type. It returns what it means, or a
/// `task<>` of it. It is called by several threads at once, and may throw a `problem`; anything else that it throws is
/// told as 500 with an id, and logged under that id.
class app : public routes {
 public:
  app();
  ~app();
  app(const app&) = delete;
  app& operator=(const app&) = delete;

  /// Serves until SIGINT, SIGTERM or stop(). The exit code for main: 0, or after a sentence on standard error that says
  /// what stood in the way, 2 if that is what was asked for, else 1. If a handler keeps its thread a second beyond
  /// `limits.shutdown`, it does not return: the program ends with exit code 1.
  int run(const run_options& how);

  /// Makes a run() under way end as SIGTERM does, or the next one if there is none; from any thread.
  void stop();

  /// Where lines about failures go, instead of standard error. Called from any thread.
  app& log_to(std::function<void(std::string_view line)> sink);

  /// Calls `handler` when a peer that was let in is revoked while the service knows it: its open connections are being
  /// closed, or a session of its was not taken up again. Once a certificate, however many connections it had; and again
  /// if it is let in once more meanwhile (a hold that was released) and revoked then. Somebody who has neither a
  /// connection nor a session is refused at the handshake, and nothing is said here.
  ///
  /// Handlers run one after another on a thread of their own, in the order in which they were added. No connection
  /// waits for them, so theirs may be closed before, or a moment later. What they throw is logged. When the service
  /// stops, what is still to be told is told within `limits.shutdown`.
  app& on_revoked(std::function<void(const peer& who)> handler);

  /// The threads that blocking handlers and `offload` run on (0: four), and how many calls may wait for one of them
  /// before further ones are told 503. They are started when the first is needed.
  app& workers(unsigned threads, std::size_t waiting = 1024);

  /// How old the revocation lists are by which it judges now, and which CA has none; empty unless it is being served,
  /// over TLS, and checks revocation. From any thread.
  std::vector<revocation_list> revocation_lists() const;

  /// Ends the time of adding routes: they are put in order and no longer change. Done by whoever serves the app; again,
  /// it does nothing.
  void freeze();

  /// What the head of a request leads to. The app must be frozen.
  admission admit(const request& head) const;

  /// Answers one request, on the thread that awaits it; it never throws. The request must outlive the task, and so must
  /// the app. Destroying the task before its end waits for a blocking handler that is running. The answer to a HEAD has
  /// the body that a GET would get: whoever sends it leaves that out. The app must be frozen.
  task<response> handle(request& incoming, handling* notes = nullptr) const;

  /// The same answer without a task, if none of its makers may have to wait: there is no middleware, and the handler
  /// neither waits nor blocks. Otherwise nothing, and nothing has been done.
  std::optional<response> handle_at_once(request& incoming, handling& notes) const;

  /// The parts that serving it needs; for this library's own use.
  detail::app_state& state() { return *state_; }

 private:
  explicit app(std::unique_ptr<detail::app_state> state);
  std::unique_ptr<detail::app_state> state_;
};

}  // namespace mutual
