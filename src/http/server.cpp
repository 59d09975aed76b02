#include "http/server.hpp"

#include "http/server_worker.hpp"
#include "net/listener.hpp"
#include "tls/file_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
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

}  // namespace

server::server(server_options options)
    : options_(std::move(options)), sessions_(std::make_shared<tls::session_cache>()) {}

result<std::unique_ptr<server>> server::start(server_options options) {
  std::unique_ptr<server> made(new server(std::move(options)));
  if (made->options_.tls.enabled) {
    MUTUAL_TRY(auto context, tls::server_context::load(made->options_.tls, 1, made->sessions_));
    made->context_.set(std::move(context));
  }
  MUTUAL_TRY(made->endpoints_, resolve_all(made->options_.listen));
  const auto threads = thread_count(made->options_.threads);
  MUTUAL_TRY(auto sockets, net::listen(made->endpoints_, threads));
  for (auto& own : sockets) made->workers_.push_back(std::make_unique<server_worker>(*made, std::move(own)));
  for (auto& worker : made->workers_) worker->start();
  if (made->options_.tls.enabled && made->options_.watch_files.count() > 0) {
    made->watcher_ = std::thread([self = made.get()] { self->watch_files(); });
  }
  return made;
}

server::~server() {
  for (auto& worker : workers_) worker->cut();
  wait();
}

void server::stop() {
  for (auto& worker : workers_) worker->drain();
}

void server::wait() {
  for (auto& worker : workers_) worker->join();
  {
    const std::scoped_lock lock(watching_);
    stopped_ = true;
  }
  stop_watching_.notify_all();
  if (watcher_.joinable()) watcher_.join();
}

result<> server::reload() {
  const std::scoped_lock lock(reloading_);
  if (!options_.tls.enabled) return {};
  auto next = tls::server_context::load(options_.tls, generation_.load() + 1, sessions_);
  if (!next) {
    options_.log.error(fmt::format(
        "the TLS files have changed and cannot be taken over, everything stays as it was: {}", next.error().message()));
    return std::move(next).error();
  }
  take_over(*std::move(next));
  return {};
}

void server::take_over(std::shared_ptr<const tls::server_context> next) {
  const auto generation = next->generation();
  context_.set(std::move(next));
  // Connections compare this number before each request; the context they then read is at least as new.
  generation_.store(generation, std::memory_order_release);
  options_.log.info(fmt::format("the TLS files were read again: generation {}", generation));
  for (auto& worker : workers_) worker->judge_all_again();
}

void server::watch_files() {
  std::string tried;
  std::unique_lock lock(watching_);
  while (!stop_watching_.wait_for(lock, options_.watch_files, [this] { return stopped_; })) {
    lock.unlock();
    const auto current = context();
    auto seen = tls::stamp_of(current->files());
    if (seen != current->stamp() && seen != tried) {
      // The stamp was taken before the files are read: what changes in between is seen as a change next time. What is
      // known to be bad is not tried again.
      tried = std::move(seen);
      (void)reload();  // an error is logged there
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
