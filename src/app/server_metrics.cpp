#include "app/server_metrics.hpp"

#include "app/state.hpp"
#include "base/clock.hpp"
#include "base/exposition.hpp"
#include "base/streams.hpp"
#include "tls/list_ages.hpp"

#include <mutual/problem.hpp>

#include <fmt/format.h>

#include <mutex>
#include <unistd.h>
#include <utility>

namespace mutual {
namespace {

using http::tally;

std::int64_t number(std::uint64_t count) { return static_cast<std::int64_t>(count); }

void add_connections(exposition& to, const http::server& of) {
  to.family("mutual_server_connections_open", "gauge", "Connections that are open.");
  to.sample(number(of.open_connections()));
  to.family("mutual_server_connections_total", "counter", "Connections that were taken.");
  to.sample(number(of.counted(tally::connections)));
  to.family("mutual_server_turned_away_total", "counter",
            "Connections that were closed as they came, because too many were open.");
  to.sample(number(of.counted(tally::turned_away)));
  to.family("mutual_server_handshakes_total", "counter", "TLS handshakes, by outcome.");
  to.sample(number(of.counted(tally::full_handshakes)), {{"outcome", "full"}});
  to.sample(number(of.counted(tally::resumptions)), {{"outcome", "resumed"}});
  to.sample(number(of.counted(tally::failed_handshakes)), {{"outcome", "failed"}});
  to.family("mutual_server_dismissed_total", "counter",
            "Open connections that were closed because their client would be refused now.");
  to.sample(number(of.counted(tally::dismissed)));
}

void add_refusals(exposition& to, const http::server& of, const detail::app_state& at) {
  to.family("mutual_server_refused_total", "counter", "Connections and requests that were refused, by reason.");
  for (std::size_t code = 0; code < at.refused.size(); ++code) {
    const auto why = static_cast<reason>(code);
    to.sample(number(of.refused(why) + at.refused[code].load()), {{"reason", to_string(why)}});
  }
}

template <class Value>
void add_each(exposition& to, std::string_view name, std::string_view help, const std::vector<revocation_list>& all,
              bool also_missing, Value value) {
  to.family(name, "gauge", help);
  for (const auto& one : all) {
    if (also_missing || !one.missing) to.sample(value(one), {{"ca", one.ca}, {"key", one.key_id}});
  }
}

void add_lists(exposition& to, const std::vector<revocation_list>& all, sys_seconds present) {
  to.family("mutual_server_revocation_checked", "gauge", "Whether clients are judged by revocation lists.");
  to.sample(all.empty() ? 0 : 1);
  add_each(to, "mutual_server_list_missing", "Whether a CA that is trusted has no revocation list here.", all, true,
           [](const revocation_list& one) { return one.missing ? 1 : 0; });
  add_each(to, "mutual_server_list_age_seconds", "How long ago the revocation list in use was made.", all, false,
           [](const revocation_list& one) { return one.age.count(); });
  add_each(to, "mutual_server_list_next_update_seconds",
           "How long the revocation list in use is good yet; below 0, it has ended.", all, false,
           [present](const revocation_list& one) { return (one.due - present).count(); });
  add_each(to, "mutual_server_list_overdue_seconds",
           "How long ago the revocation list in use has ended; 0 while it is good.", all, false,
           [](const revocation_list& one) { return one.overdue.count(); });
}

void add_answers(exposition& to, const tls::ocsp_book& of) {
  using outcome = tls::ocsp_book::outcome;
  to.family("mutual_server_ocsp_answers_total", "counter",
            "Questions to OCSP responders, by what came of them; failed: no answer, or none that counts.");
  for (const auto& [what, name] : {std::pair{outcome::good, "good"},
                                   {outcome::revoked, "revoked"},
                                   {outcome::unknown, "unknown"},
                                   {outcome::failed, "failed"}}) {
    to.sample(number(of.counted(what)), {{"outcome", name}});
  }
  to.family("mutual_server_ocsp_kept", "gauge", "Certificates about which OCSP responders were asked and are known.");
  to.sample(number(of.kept()));
}

}  // namespace

std::vector<revocation_list> lists_of(const http::server& running) {
  const auto context = running.context();
  return context && context->trust() ? tls::list_ages(*context->trust(), now()) : std::vector<revocation_list>();
}

std::string metrics_text(const http::server& running, const detail::app_state& of) {
  exposition out;
  add_connections(out, running);
  add_refusals(out, running, of);
  if (const auto context = running.context()) {
    out.family("mutual_server_generation", "gauge", "How often the TLS files and revocation lists were taken over.");
    out.sample(number(context->generation()));
    out.family("mutual_server_certificate_end_seconds", "gauge", "How long the server's own certificate is good yet.");
    out.sample((context->certificate().not_after() - now()).count());
  }
  add_lists(out, lists_of(running), now());
  if (const auto* answers = running.answers()) add_answers(out, *answers);
  return out.take();
}

std::unique_ptr<app> make_metrics_app(app& of) {
  auto made = std::make_unique<app>();
  if (of.state().log_is_the_programs) {
    made->state().log = of.state().log;
    made->state().log_is_the_programs = true;
  }
  made->get("/metrics", [&measured = of.state()] {
    const std::scoped_lock lock(measured.stopping);
    if (measured.running == nullptr) throw problem::unavailable("the service is not running");
    response out(200, metrics_text(*measured.running, measured), exposition_type);
    out.headers.set("Cache-Control", "no-store");
    return out;
  });
  return made;
}

run_options metrics_options(const run_options& asked) {
  run_options how;
  const bool is_port = asked.metrics.find_first_not_of("0123456789") == std::string::npos;
  how.listen = is_port ? "127.0.0.1:" + asked.metrics : asked.metrics;
  how.threads = 1;
  how.access_log = how.banner = false;
  how.limits = asked.limits;
  how.limits.connections = 100;
  if (asked.banner) {
    how.on_ready = [](const std::vector<std::string>& addresses) {
      for (const auto& one : addresses) say(STDERR_FILENO, fmt::format(" * Metrics:     http://{}/metrics\n", one));
    };
  }
  return how;
}

}  // namespace mutual
