#include "ca_service/service.hpp"

#include "app/run.hpp"
#include "base/streams.hpp"
#include "base/text.hpp"
#include "ca_service/change_feed.hpp"
#include "ca_service/counters.hpp"
#include "ca_service/desk.hpp"
#include "ca_service/est_desk.hpp"
#include "ca_service/health.hpp"
#include "ca_service/keeper.hpp"
#include "ca_service/list_shelf.hpp"
#include "ca_service/metrics.hpp"
#include "ca_service/ocsp_desk.hpp"
#include "ca_service/patient_complaint.hpp"
#include "ca_service/plain_routes.hpp"
#include "net/line_writer.hpp"
#include "tls/server_context.hpp"

#include <mutual/app.hpp>
#include <mutual/policy.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <csignal>
#include <optional>
#include <unistd.h>
#include <utility>

namespace mutual::ca_service {
namespace {

// Threads that are started while it lives take no signals: they are for the one that serves.
class no_signals {
 public:
  no_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~no_signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  no_signals(const no_signals&) = delete;
  no_signals& operator=(const no_signals&) = delete;

 private:
  sigset_t before_{};
};

// Each waits for the disk of the inventory.
constexpr unsigned workers = 8;
// As many certificates can share a way to the disk.
constexpr unsigned issuing_workers = 64;

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

void say_where(const std::vector<std::string>& addresses) {
  std::vector<std::string> urls;
  for (const auto& one : addresses) urls.push_back("http://" + one + "/");
  say(STDERR_FILENO,
      fmt::format(" * Plain:       {} (lists below crl/, OCSP at ocsp, health at healthz)\n", fmt::join(urls, "  ")));
}

served_app secured(app& served, const options& how) {
  run_options with;
  with.listen = how.listen;
  with.tls = tls::from_pki(how.pki, how.name);
  // Each route says whom it lets in: who comes to get a certificate has none yet.
  with.tls.clients = tls::client_auth::optional;
  with.threads = how.threads;
  with.access_log = how.access_log;
  with.name = fmt::format("the authority in {}", shown(how.pki));
  // It has no page at its root.
  return {&served, std::move(with), false, "/healthz"};
}

served_app plain(app& served, const options& how) {
  run_options with;
  with.listen = how.plain_listen;
  with.threads = how.threads;
  with.access_log = how.access_log;
  with.banner = false;
  with.on_ready = say_where;
  return {&served, std::move(with), true, {}};
}

error with_options_named(const error& failure) {
  if (!failure.message().starts_with("cannot listen on ")) return failure;
  return {failure.code(), failure.message() + " (--listen HOST:PORT, --plain-listen HOST:PORT)"};
}

policy readers_of(const options& how) {
  if (how.metrics_for.empty()) return policy::any_peer();
  auto readers = policy::nobody();
  for (const auto& name : how.metrics_for) readers = readers || policy::cn(name);
  return readers;
}

}  // namespace

result<> run(const options& how) {
  counters counts;
  MUTUAL_TRY(const auto authority, desk::open(how.pki, how.store, &counts.inventory_errors));
  // As the server's own log: nothing waits for whoever reads it. Outlives all who write to it.
  std::optional<no_signals> quiet(std::in_place);
  net::line_writer lines(STDERR_FILENO);
  quiet.reset();
  const logger log([&lines](log_level level, std::string_view line) { lines.write(stamped(level, line)); });
  patient_complaint complaint(log);
  list_shelf lists(authority->places());
  ocsp_desk answers(*authority, counts, complaint);
  change_feed feed(authority->places());
  keeper keeps(*authority, answers, feed, counts, log);
  // Which of the folder's certificates that is, is settled when the service starts; what is wrong with it is told then.
  if (auto presented = tls::with_files_named(tls::from_pki(how.pki, how.name))) {
    keeps.presents(std::move(presented->certificate));
  }
  MUTUAL_CHECK(keeps.prepare());

  app inside, outside;
  std::vector<served_app> all{secured(inside, how)};
  quiet.emplace();
  est_desk est(*authority, counts, log, how.renew_expired_for);
  quiet.reset();
  add_plain_routes(inside, lists, answers);
  add_est_routes(inside, est);
  add_change_route(inside, feed);
  const auto seen = [&keeps] { return keeps.seen(); };
  add_health_route(inside, seen);
  add_metrics_route(inside, {counts, feed, seen}, readers_of(how));
  inside.workers(issuing_workers);
  if (!how.plain_listen.empty()) {
    add_plain_routes(outside, lists, answers);
    add_health_route(outside, seen);
    outside.workers(workers);
    all.push_back(plain(outside, how));
  }
  all.front().how.on_ready = [&keeps](const auto&) { keeps.start(); };
  const auto served = serve_together(all);
  keeps.stop();
  if (!served) return with_options_named(served.error());
  return {};
}

}  // namespace mutual::ca_service
