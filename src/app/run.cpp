// app::run: from a finished app to a running service, and to its end.

#include "app/run.hpp"

#include "app/access_log.hpp"
#include "app/banner.hpp"
#include "app/state.hpp"
#include "app/workers.hpp"
#include "base/file.hpp"
#include "base/streams.hpp"
#include "http/server.hpp"
#include "net/signals.hpp"

#include <mutual/app.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <unistd.h>
#include <utility>

namespace mutual {
namespace {

// The request goes through the app; what the app noted on the way goes to the log.
task<response> answer(app& served, request& asked, http::answer_notes& notes) {
  handling noted;
  auto work = served.handle(asked, &noted);
  response made = co_await work;
  notes.refused = noted.refused;
  notes.note = access_notes(noted);
  co_return made;
}

// Lends a connection thread's loop to the handlers that run on it, for offload and sleep.
struct lent_home {
  lent_home(net::loop& loop, worker_pool& workers) : scope(home) {
    home.post = [&loop](std::function<void()> work) { loop.post(std::move(work)); };
    home.after = [&loop](std::chrono::nanoseconds span, std::function<void()> work) {
      loop.after(span, std::move(work));
    };
    home.workers = &workers;
  }
  home_thread home;
  home_scope scope;
};

std::size_t largest_body_limit(const route_table& table) {
  std::size_t largest = 0;
  for (const auto& route : table.routes) largest = std::max(largest, route.body_limit.value_or(0));
  return largest;
}

http::server_options options_for(app& served, const run_options& how) {
  http::server_options options;
  options.listen = {how.listen};
  options.threads = how.threads;
  options.tls = how.tls;
  options.limits.head_bytes = how.limits.header_bytes;
  options.limits.field_count = how.limits.header_fields;
  options.limits.body_bytes = how.limits.body_bytes;
  options.most_connections = how.limits.connections;
  options.timeouts.handshake = how.limits.handshake;
  options.timeouts.head = how.limits.header;
  options.timeouts.body = how.limits.body;
  options.timeouts.write = how.limits.write;
  options.timeouts.idle = how.limits.idle;
  options.timeouts.shutdown = how.limits.shutdown;
  options.log = served.state().log;
  options.answer = [&served](request& asked, http::answer_notes& notes) { return answer(served, asked, notes); };
  options.largest_body = largest_body_limit(*served.state().table);
  options.check_head = [&served](const request& head) {
    const auto known = served.admit(head);
    return http::body_terms{known.body_limit, known.wants_body};
  };
  options.on_thread = [&served](net::loop& loop) { return std::make_shared<lent_home>(loop, *served.state().workers); };
  if (how.access_log) {
    options.on_answer = [](const request& asked, const http::answer_notes& notes, int status, std::size_t bytes,
                           std::chrono::nanoseconds took) {
      say(STDOUT_FILENO, access_line(asked, status, bytes, took, notes.note) + "\n");
    };
  }
  return options;
}

// Serves until a signal says stop. A second one ends the program at once.
void serve_until_stopped(http::server& running, net::signal_gate& signals) {
  std::thread finisher;
  bool stopping = false;
  while (const auto number = signals.wait()) {
    if (*number == SIGHUP) {
      (void)running.reload();  // the log says what became of it
    } else if (stopping) {
      say(STDERR_FILENO, "Stopped at once.\n");
      std::_Exit(128 + *number);
    } else {
      stopping = true;
      say(STDERR_FILENO, "\nStopping: requests under way are finished first. Once more to stop at once.\n");
      running.stop();
      finisher = std::thread([&running, &signals] {
        running.wait();
        signals.open();
      });
    }
  }
  if (finisher.joinable()) finisher.join();
}

}  // namespace

result<> serve(app& served, const run_options& how) {
  served.freeze();
  reserve_standard_streams();
  // Whoever reads our log may go away; that ends no service.
  std::signal(SIGPIPE, SIG_IGN);
  // Before the first thread, so that all of them leave the signals to this one.
  net::signal_gate signals({SIGINT, SIGTERM, SIGHUP});
  auto running = http::server::start(options_for(served, how));
  if (!running) return std::move(running).error();
  if (how.banner) say(STDERR_FILENO, banner(**running, how));
  serve_until_stopped(**running, signals);
  return {};
}

int app::run(const run_options& how) {
  const auto served = serve(*this, how);
  if (served) return 0;
  say(STDERR_FILENO, fmt::format("{}\n", served.error().message()));
  return served.error().code() == errc::bad_usage ? 2 : 1;
}

}  // namespace mutual
