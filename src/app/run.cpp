// app::run: from a finished app to a running service, and to its end.

#include "app/run.hpp"

#include "app/access_log.hpp"
#include "app/ask_ocsp.hpp"
#include "app/banner.hpp"
#include "app/follow_feed.hpp"
#include "app/revocation_teller.hpp"
#include "app/server_metrics.hpp"
#include "app/state.hpp"
#include "app/workers.hpp"
#include "base/clock.hpp"
#include "base/streams.hpp"
#include "http/server.hpp"
#include "net/line_writer.hpp"
#include "net/signals.hpp"

#include <mutual/app.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>
#include <unistd.h>
#include <utility>

namespace mutual {
namespace {

// What the app noted on the way goes to the log.
void pass_on(app& served, const handling& noted, http::answer_notes& notes) {
  notes.refused = noted.refused;
  if (noted.refused) served.state().refused[static_cast<std::size_t>(*noted.refused)].fetch_add(1);
  notes.note = access_notes(noted);
}

// The request goes through the app.
task<response> answer(app& served, request& asked, http::answer_notes& notes) {
  handling noted;
  auto work = served.handle(asked, &noted);
  response made = co_await work;
  pass_on(served, noted, notes);
  co_return made;
}

std::optional<response> answer_at_once(app& served, request& asked, http::answer_notes& notes) {
  handling noted;
  auto made = served.handle_at_once(asked, noted);
  if (made) pass_on(served, noted, notes);
  return made;
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

// `lines` takes the access log; `told` hears of whoever is revoked; null for none.
http::server_options options_for(app& served, const run_options& how, net::line_writer* lines,
                                 revocation_teller* told) {
  http::server_options options;
  options.listen = {how.listen};
  options.listen.insert(options.listen.end(), how.also_listen.begin(), how.also_listen.end());
  options.threads = how.threads;
  options.tls = how.tls;
  options.http2 = how.http2;
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
  options.answer_at_once = [&served](request& asked, http::answer_notes& notes) {
    return answer_at_once(served, asked, notes);
  };
  options.largest_body = largest_body_limit(*served.state().table);
  options.check_head = [&served](const request& head) {
    const auto known = served.admit(head);
    return http::body_terms{known.body_limit, known.wants_body, known.streams};
  };
  options.on_thread = [&served](net::loop& loop) { return std::make_shared<lent_home>(loop, *served.state().workers); };
  if (told) {
    options.on_revoked = [told](const tls::standing& earlier, const http::revocation_found& found) {
      told->found(earlier, found);
    };
    options.on_released = [told](const peer& who) { told->let_in_again(who); };
  }
  if (lines) {
    options.on_answer = [lines](const request& asked, const http::answer_notes& notes, int status, std::size_t bytes,
                                std::chrono::nanoseconds took) {
      lines->write(access_line({asked, now(), status, bytes, took, notes.incomplete}, notes.note));
    };
  }
  return options;
}

// While it lives, what the service has to say goes to standard error without waiting for whoever reads that: each
// refusal is a line, and strangers can cause as many as they like. A program's own log is left as it is.
class patient_log {
 public:
  explicit patient_log(detail::app_state& state) : state_(state), before_(state.log) {
    if (state.log_is_the_programs) return;
    lines_.emplace(STDERR_FILENO);
    state.log = logger([this](log_level level, std::string_view line) { lines_->write(stamped(level, line)); },
                       log_level::info);
  }
  ~patient_log() { state_.log = before_; }
  patient_log(const patient_log&) = delete;
  patient_log& operator=(const patient_log&) = delete;

  // Writes what waits, for a second at most.
  void finish() {
    if (lines_) lines_->finish();
  }

 private:
  detail::app_state& state_;
  logger before_;
  std::optional<net::line_writer> lines_;
};

using servers = std::vector<std::unique_ptr<http::server>>;
using feeds = std::vector<std::unique_ptr<followed_feed>>;
using responders = std::vector<std::unique_ptr<asked_responders>>;
using tellers = std::vector<std::unique_ptr<revocation_teller>>;  // one an app; null for those that ask for none

std::unique_ptr<revocation_teller> teller_for(const detail::app_state& state) {
  if (state.on_revoked.empty()) return nullptr;
  return std::make_unique<revocation_teller>(state.on_revoked, state.log);
}

// The end of a service, begun by a signal or by the program itself, whichever comes first.
class ending {
 public:
  ending(const servers& running, const tellers& told, std::chrono::milliseconds limit, net::signal_gate& signals)
      : running_(running), told_(told), limit_(limit), signals_(signals) {}
  ~ending() {
    if (finisher_.joinable()) finisher_.join();
  }
  ending(const ending&) = delete;
  ending& operator=(const ending&) = delete;

  // False if it was begun before.
  bool begin() {
    const std::scoped_lock lock(guard_);
    if (finisher_.joinable()) return false;
    for (const auto& one : running_) one->stop();
    finisher_ = std::thread([this] {
      bool whole = true;
      for (const auto& one : running_) whole = one->wait() && whole;
      for (const auto& one : told_) whole = (!one || one->finish(limit_)) && whole;
      whole_ = whole;
      signals_.open();
    });
    return true;
  }

  // Once the signals are open: whether all has ended.
  bool whole() const { return whole_; }

 private:
  const servers& running_;
  const tellers& told_;
  const std::chrono::milliseconds limit_;  // for what is still to be told
  net::signal_gate& signals_;
  std::mutex guard_;
  std::thread finisher_;
  std::atomic<bool> whole_{true};
};

// While it lives, app::stop() begins that ending, and what is asked of the running app is asked of that server.
class stoppable {
 public:
  stoppable(detail::app_state& state, ending& end, const http::server& running) : state_(state) {
    const std::scoped_lock lock(state_.stopping);
    state_.running = &running;
    state_.stopper = [&end] { end.begin(); };
    if (state_.stop_asked) state_.stopper();
  }
  ~stoppable() {
    const std::scoped_lock lock(state_.stopping);
    state_.stopper = nullptr;
    state_.running = nullptr;
    state_.stop_asked = false;
  }
  stoppable(const stoppable&) = delete;
  stoppable& operator=(const stoppable&) = delete;

 private:
  detail::app_state& state_;
};

// Serves until a signal or the program says stop. A second signal ends the program at once.
void serve_until_stopped(const servers& running, net::signal_gate& signals, ending& end) {
  while (const auto number = signals.wait()) {
    if (*number == SIGHUP) {
      for (const auto& one : running) (void)one->reload();  // the log says what became of it
    } else if (end.begin()) {
      say(STDERR_FILENO, "\nStopping: requests under way are finished first. Once more to stop at once.\n");
    } else {
      say(STDERR_FILENO, "Stopped at once.\n");
      std::_Exit(128 + *number);
    }
  }
}

bool is_to_stop(const net::signal_gate& signals) { return signals.has_come(SIGINT) || signals.has_come(SIGTERM); }

// Takes the signal out of the way, which would end the program once it goes the ordinary way again.
result<> stopped_before(net::signal_gate& signals) {
  while (is_to_stop(signals)) (void)signals.wait();
  say(STDERR_FILENO, "Stopped before it served.\n");
  return {};
}

std::vector<std::string> addresses_of(const http::server& running) {
  std::vector<std::string> all;
  for (const auto& at : running.endpoints()) all.push_back(at.to_string());
  return all;
}

bool is_unsafe(const http::server& running, const run_options& how) {
  const auto& all = running.endpoints();
  return !how.tls.enabled && std::any_of(all.begin(), all.end(), [](const auto& at) { return !at.is_loopback(); });
}

void greet(const http::server& running, const served_app& one) {
  if (one.how.banner) say(STDERR_FILENO, banner(running, one.how, one.try_path));
  if (!one.how.banner && !one.is_public && is_unsafe(running, one.how)) {
    say(STDERR_FILENO,
        "UNSAFE: plain HTTP beyond this machine: whoever is on the way can read and change everything. Serve it with "
        "TLS, or listen on 127.0.0.1.\n");
  }
  for (const auto& note : notes_on(*one.served->state().routes)) one.served->state().log.warn("NOTE: " + note);
}

std::size_t left_behind(const servers& running) {
  std::size_t count = 0;
  for (const auto& one : running) count += one->open_connections();
  return count;
}

std::chrono::milliseconds longest_shutdown(const std::vector<served_app>& all) {
  std::chrono::milliseconds longest{};
  for (const auto& one : all) longest = std::max(longest, one.how.limits.shutdown);
  return longest;
}

}  // namespace

result<> serve(app& served, const run_options& how) { return serve_together({{&served, how, false}}); }

result<> serve_together(const std::vector<served_app>& asked) {
  auto all = asked;
  std::vector<std::unique_ptr<app>> beside;  // what tells the numbers of those
  for (const auto& one : asked) {
    if (one.how.metrics.empty()) continue;
    beside.push_back(make_metrics_app(*one.served));
    all.push_back({beside.back().get(), metrics_options(one.how), false});
  }
  for (auto& one : all) {
    one.served->freeze();
    one.how.tls.enabled = one.how.tls.means_tls();
  }
  reserve_standard_streams();
  // Whoever reads our log may go away; that ends no service.
  std::signal(SIGPIPE, SIG_IGN);
  // Before the first thread, so that all of them leave the signals to this one.
  net::signal_gate signals({SIGINT, SIGTERM, SIGHUP});
  std::vector<std::unique_ptr<patient_log>> logs;  // Outlive the servers, which write to them, as does the access log.
  for (const auto& one : all) logs.push_back(std::make_unique<patient_log>(one.served->state()));
  std::optional<net::line_writer> lines;
  if (std::any_of(all.begin(), all.end(), [](const auto& one) { return one.how.access_log; })) {
    lines.emplace(STDOUT_FILENO);
  }
  tellers told;  // Outlive the servers, which tell them.
  servers running;
  feeds followed;       // Goes before the servers that it gives lists to.
  responders asked_by;  // Go before the servers that ask them.
  for (const auto& one : all) {
    told.push_back(teller_for(one.served->state()));
    auto options = options_for(*one.served, one.how, one.how.access_log ? &*lines : nullptr, told.back().get());
    auto asks = ask_ocsp(one.how.tls, one.served->state().log);
    if (!asks) return std::move(asks).error();
    if (*asks) {
      options.ocsp = (*asks)->book;
      asked_by.push_back(*std::move(asks));
    }
    auto follows = follow_feed(one.how.tls, one.served->state().log, [&signals] { return is_to_stop(signals); });
    if (is_to_stop(signals)) return stopped_before(signals);
    if (!follows) return std::move(follows).error();
    auto feed = *std::move(follows);
    if (feed) options.revocations = std::move(feed->first);
    auto started = http::server::start(std::move(options));
    if (!started) return std::move(started).error();
    running.push_back(*std::move(started));
    if (!feed) continue;
    *feed->takes = running.back().get();
    feed->feed->start();
    followed.push_back(std::move(feed));
  }
  for (std::size_t at = 0; at < all.size(); ++at) greet(*running[at], all[at]);
  {
    ending end(running, told, longest_shutdown(all), signals);
    std::vector<std::unique_ptr<stoppable>> by_the_program;
    for (std::size_t at = 0; at < all.size(); ++at) {
      by_the_program.push_back(std::make_unique<stoppable>(all[at].served->state(), end, *running[at]));
    }
    for (std::size_t at = 0; at < all.size(); ++at) {
      if (all[at].how.on_ready) all[at].how.on_ready(addresses_of(*running[at]));
    }
    serve_until_stopped(running, signals, end);
    if (end.whole()) return {};
  }
  if (lines) lines->finish();
  for (const auto& one : logs) one->finish();
  const auto count = left_behind(running);
  // Nothing can end a thread from outside but the end of the process. Whoever asked for the service to stop has waited
  // for as long as was agreed.
  say(STDERR_FILENO,
      fmt::format("Stopped with {} left behind: handlers have not come back {} after the service was asked to stop "
                  "(the shutdown limit).\n",
                  count > 0 ? fmt::format("{} connection(s)", count) : "what on_revoked was told",
                  to_words(std::chrono::ceil<std::chrono::seconds>(longest_shutdown(all)))));
  std::_Exit(1);
}

int app::run(const run_options& how) {
  const auto served = serve(*this, how);
  if (served) return 0;
  say(STDERR_FILENO, fmt::format("{}\n", served.error().message()));
  return served.error().code() == errc::bad_usage ? 2 : 1;
}

}  // namespace mutual
