#include "http/server.hpp"

#include "base/clock.hpp"
#include "base/considerate.hpp"
#include "base/last_descriptors.hpp"
#include "base/text.hpp"
#include "http/server_worker.hpp"
#include "net/listener.hpp"
#include "tls/file_watch.hpp"
#include "tls/verdict_revocation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace mutual::http {
namespace {

unsigned thread_count(unsigned asked) { return asked != 0 ? asked : std::max(1U, std::thread::hardware_concurrency()); }

result<std::vector<net::endpoint>> resolve_all(const std::vector<std::string>& addresses) {
  std::vector<net::endpoint> all;
  for (const auto& text : addresses) {
    MUTUAL_TRY(const auto where, net::parse_host_port(text));
    MUTUAL_TRY(const auto found, net::resolve(where, true));
    all.insert(all.end(), found.begin(), found.end());
  }
  if (all.empty()) return error(errc::bad_usage, "there is no address to listen on (--listen HOST:PORT)");
  return all;
}

bool is_about_contents(errc code) {
  return code == errc::bad_input || code == errc::bad_usage || code == errc::password_needed ||
         code == errc::limit_exceeded || code == errc::tls;
}

}  // namespace

server::server(server_options options)
    : options_(std::move(options)), sessions_(std::make_shared<tls::session_cache>()) {}

result<std::unique_ptr<server>> server::start(server_options options) {
  std::unique_ptr<server> made(new server(std::move(options)));
  // Never plain HTTP by an oversight: whoever names anything of TLS means it.
  made->options_.tls.enabled = made->options_.tls.means_tls();
  const auto threads = thread_count(made->options_.threads);
  if (made->options_.tls.enabled) {
    const auto& wanted = made->options_;
    made->libraries_ = std::make_shared<const tls::library_contexts>(threads, wanted.levers);
    auto protocols = wanted.http2 ? std::vector<std::string>{"h2", "http/1.1"} : std::vector<std::string>{"http/1.1"};
    // Held nowhere else, so that they go when others take their place.
    made->offered_ = std::move(made->options_.revocations);
    MUTUAL_TRY(auto context, tls::server_context::load(wanted.tls, 1, made->sessions_, nullptr, std::move(protocols),
                                                       made->libraries_, made->offered_, wanted.ocsp));
    made->warn_if_revoked(*context);
    made->context_.set(std::move(context));
  }
  made->leave_descriptors_for_the_rest();
  MUTUAL_TRY(made->endpoints_, resolve_all(made->options_.listen));
  MUTUAL_TRY(auto sockets, net::listen(made->endpoints_, threads));
  for (auto& own : sockets) {
    made->workers_.push_back(std::make_unique<server_worker>(*made, made->workers_.size(), std::move(own)));
  }
  made->workers_running_ = made->workers_.size();
  for (auto& worker : made->workers_) worker->start();
  if (made->options_.tls.enabled && made->options_.watch_files.count() > 0) {
    made->watcher_ = std::thread([self = made.get()] { self->watch_files(); });
  }
  return made;
}

// Whoever connects needs no certificate to take a descriptor. Enough of them are kept back to read the files of a
// reload (a revocation above all), and for the handlers' own.
void server::leave_descriptors_for_the_rest() {
  const auto allowed = descriptor_limit();
  const std::size_t kept = 128 + std::size_t{16} * thread_count(options_.threads);
  const std::size_t most = allowed > 2 * kept ? allowed - kept : allowed / 2;
  if (most >= options_.most_connections) return;
  options_.log.warn(
      fmt::format("at most {} connections can be open at once, for this process may open {} files (not {}): raise the "
                  "limit (ulimit -n) for more",
                  most, allowed, options_.most_connections));
  options_.most_connections = most;
}

// Each thread has a door of its own, and the kernel does not deal connections out evenly.
std::size_t server::most_at_a_door() const {
  constexpr std::size_t least = 64;
  const auto threads = std::max<std::size_t>(workers_.size(), 1);
  if (options_.most_handshakes != 0) return std::max<std::size_t>(options_.most_handshakes / threads, 1);
  return std::max(options_.most_connections / 2 / threads, least);
}

server::~server() {
  for (auto& worker : workers_) worker->cut();
  join();
}

void server::stop() {
  // For what is cut to come to its end.
  constexpr auto grace = std::chrono::seconds(1);
  {
    const std::scoped_lock lock(ending_);
    if (!give_up_at_) give_up_at_ = std::chrono::steady_clock::now() + options_.timeouts.shutdown + grace;
  }
  ended_.notify_all();
  // All of them before anybody hears of the end: whoever then comes again must find another server, or none.
  for (auto& worker : workers_) worker->refuse_newcomers();
  for (auto& worker : workers_) worker->drain();
}

bool server::wait() {
  {
    std::unique_lock lock(ending_);
    while (workers_running_ > 0) {
      if (!give_up_at_) {
        ended_.wait(lock);
      } else if (ended_.wait_until(lock, *give_up_at_) == std::cv_status::timeout && workers_running_ > 0) {
        return false;
      }
    }
  }
  join();
  return true;
}

void server::worker_ended() {
  const std::scoped_lock lock(ending_);
  --workers_running_;
  ended_.notify_all();
}

void server::join() {
  for (auto& worker : workers_) worker->join();
  {
    const std::scoped_lock lock(watching_);
    stopped_ = true;
  }
  stop_watching_.notify_all();
  if (watcher_.joinable()) watcher_.join();
}

result<> server::try_reload() {
  const considerate_scope here;
  const std::scoped_lock lock(reloading_);
  if (!options_.tls.enabled) return {};
  // What was offered may have been refused for a file that was wrong at that moment.
  if (const auto lists = std::exchange(waiting_, nullptr)) {
    if (auto with_them = next_context(lists)) {
      offered_ = lists;
      take_over(*std::move(with_them));
      options_.log.info("the TLS files were read again, and the revocation lists that were offered before are taken");
      return {};
    }
    waiting_ = lists;
  }
  MUTUAL_TRY(auto next, next_context(offered_));
  take_over(std::move(next));
  options_.log.info(fmt::format("the TLS files were read again: generation {}", generation_.load()));
  return {};
}

result<std::shared_ptr<const tls::server_context>> server::next_context(
    std::shared_ptr<const std::vector<x509::lookup_list>> lists) const {
  const auto current = context();
  return tls::server_context::load(current->settings(), generation_.load() + 1, sessions_, current.get(),
                                   current->protocols(), libraries_, std::move(lists), options_.ocsp);
}

result<> server::offer_lists(std::vector<x509::lookup_list> lists, std::string_view from) {
  if (!options_.tls.enabled) return error(errc::bad_usage, "revocation lists are for TLS");
  const auto offered = std::make_shared<const std::vector<x509::lookup_list>>(std::move(lists));
  const std::scoped_lock lock(reloading_);
  auto next = next_context(offered);
  if (!next) {
    waiting_ = offered;
    return refuse_lists(from, next.error());
  }
  waiting_ = nullptr;
  offered_ = offered;
  take_over(*std::move(next));
  for (const auto& one : *offered) {
    const auto until = one.next_update();
    options_.log.info(fmt::format("the revocation list 0x{} of {} was taken from {}: dated {} ago, good until {}",
                                  one.number(), text::quoted(one.issuer()), from, to_words(now() - one.this_update()),
                                  until ? to_text(*until) : "(it does not say)"));
  }
  return {};
}

error server::refuse_lists(std::string_view from, const error& why) const {
  options_.log.error(fmt::format("the revocation lists that {} offers are not taken, everything stays as it was: {}",
                                 from, why.message()));
  return why;
}

result<> server::reload() {
  auto done = try_reload();
  if (!done) complain(done.error());
  return done;
}

void server::complain(const error& why) const {
  options_.log.error(fmt::format("the TLS files have changed and cannot be taken over, everything stays as it was: {}",
                                 why.message()));
}

void server::take_over(std::shared_ptr<const tls::server_context> next) {
  const auto generation = next->generation();
  const auto unused = take_unused();
  warn_if_revoked(*next);
  replaced_.push_back(context());
  context_.set(std::move(next));
  // Connections compare this number before each request; the context they then read is at least as new.
  generation_.store(generation, std::memory_order_release);
  judge_all_again();
}

// Nobody here judges what the server itself presents; whoever connects may. It goes on, for those who do not, and since
// what has changed beside it counts more.
void server::warn_if_revoked(const tls::server_context& one) const {
  if (!one.trust()) return;
  const auto& chain = one.chain();
  for (const auto& each : chain) {
    if (!tls::is_listed(*one.trust(), each.get(), now())) continue;
    const bool is_own = &each == &chain.front();
    options_.log.warn(
        fmt::format("{} {} (serial {}) is on the revocation list of {}: clients that check it refuse this server; {}",
                    is_own ? "the server's own certificate" : "a CA in the chain that this server presents,",
                    text::quoted(each.subject()), each.serial(), text::quoted(each.issuer()),
                    is_own ? "present another, with a new key (mutual issue server NAME)"
                           : "present a certificate of a CA that is good (mutual renew NAME, where another issues by "
                             "now)"));
  }
}

void server::judge_all_again() {
  for (auto& worker : workers_) worker->judge_all_again();
}

bool server::lists_wait() {
  const std::scoped_lock lock(reloading_);
  return waiting_ != nullptr;
}

// Nobody else can take hold of those that are here alone: connections take the newest.
server::contexts server::take_unused() {
  const auto first =
      std::partition(replaced_.begin(), replaced_.end(), [](const auto& one) { return one.use_count() > 1; });
  contexts unused(std::make_move_iterator(first), std::make_move_iterator(replaced_.end()));
  replaced_.erase(first, replaced_.end());
  return unused;
}

void server::free_replaced() {
  contexts unused;  // freed when the lock is
  const std::scoped_lock lock(reloading_);
  unused = take_unused();
}

void server::watch_files() {
  std::string tried;
  std::string told;
  std::unique_lock lock(watching_);
  while (!stop_watching_.wait_for(lock, options_.watch_files, [this] { return stopped_; })) {
    lock.unlock();
    free_replaced();
    const auto current = context();
    auto seen = tls::stamp_of(current->files());
    if ((seen != current->stamp() || lists_wait()) && seen != tried) {
      auto done = try_reload();
      // What the files say will not change by itself, so it is not tried again. What stood in the way of reading them
      // may pass: a revocation must not wait for the next change then. It is told once.
      if (!done && (is_about_contents(done.error().code()) || done.error().message() != told)) complain(done.error());
      told = done ? std::string() : done.error().message();
      // The stamp was taken before the files were read: what changed in between is seen as a change next time.
      if (done || is_about_contents(done.error().code())) tried = std::move(seen);
    }
    lock.lock();
  }
}

std::uint64_t server::refused(reason code) const { return refused_[static_cast<std::size_t>(code)].load(); }

std::size_t server::open_connections() const {
  std::size_t total = 0;
  for (const auto& worker : workers_) total += worker->open_connections();
  return total;
}

}  // namespace mutual::http
