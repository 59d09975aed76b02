#pragma once
// server: listens, shakes hands, and serves, on a thread per core.

#include "base/snapshot.hpp"
#include "http/server_options.hpp"
#include "http/tally.hpp"
#include "net/address.hpp"
#include "tls/library_context.hpp"
#include "tls/server_context.hpp"
#include "tls/session_cache.hpp"

#include <mutual/reason.hpp>
#include <mutual/result.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace mutual::http {

class server_worker;

/// A running service. All members are safe to use from any thread; the destructor ends it at once.
class server {
 public:
  /// Reads and checks all files, binds all ports, and starts. An error means that nothing was started.
  static result<std::unique_ptr<server>> start(server_options options);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Where it listens, with the ports that the kernel chose.
  const std::vector<net::endpoint>& endpoints() const { return endpoints_; }

  /// What it proves itself with and judges by now; null on plain HTTP.
  std::shared_ptr<const tls::server_context> context() const { return context_.get(); }

  /// Stops: no new connections, idle ones closed, requests under way finished within the shutdown limit, then the rest
  /// is cut: connections are closed, and handlers that wait are destroyed where they wait. Returns at once.
  void stop();

  /// Waits until it has stopped. False if it has not a second after the shutdown limit: a handler keeps its thread, or
  /// its `offload` has not come back, and nothing can end that from outside. The destructor then waits for it.
  bool wait();

  /// Reads the TLS files again now. On an error, which is logged too, everything stays as it was.
  result<> reload();

  /// Judges by these revocation lists from now on, in place of those that were offered before, beside those in files.
  /// `from` says whose they are, for the log. On an error, which is logged too, everything stays as it was: a list is
  /// forged, older than the one in use, or lacking.
  result<> offer_lists(std::vector<x509::lookup_list> lists, std::string_view from);
  /// Notes lists that could not even be read; gives that error back.
  error refuse_lists(std::string_view from, const error& why) const;

  /// How many connections were refused for that reason since the start.
  std::uint64_t refused(reason code) const;
  /// How often that has happened since the start.
  std::uint64_t counted(tally what) const { return counts_[static_cast<std::size_t>(what)].load(); }
  /// The answers of OCSP responders; null if nobody is asked.
  const tls::ocsp_book* answers() const { return options_.ocsp.get(); }
  /// How many connections are open.
  std::size_t open_connections() const;

 private:
  friend class server_worker;
  using contexts = std::vector<std::shared_ptr<const tls::server_context>>;
  explicit server(server_options options);

  void worker_ended();
  void count(tally what) { counts_[static_cast<std::size_t>(what)].fetch_add(1, std::memory_order_relaxed); }
  void join();
  void leave_descriptors_for_the_rest();
  std::size_t most_at_a_door() const;
  void watch_files();
  bool lists_wait();
  void free_replaced();
  contexts take_unused();
  result<> try_reload();
  result<std::shared_ptr<const tls::server_context>> next_context(
      std::shared_ptr<const std::vector<x509::lookup_list>> lists) const;
  void complain(const error& why) const;
  void take_over(std::shared_ptr<const tls::server_context> next);
  void warn_if_revoked(const tls::server_context& one) const;
  void judge_all_again();

  std::shared_ptr<const tls::library_contexts> libraries_;  // first: sessions and contexts are made under them
  server_options options_;
  std::vector<net::endpoint> endpoints_;
  std::shared_ptr<tls::session_cache> sessions_;
  snapshot<tls::server_context> context_;
  std::atomic<std::uint64_t> generation_{1};
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(reason::probe) + 1> refused_{};
  std::array<std::atomic<std::uint64_t>, tallies> counts_{};
  std::vector<std::unique_ptr<server_worker>> workers_;

  std::mutex ending_;
  std::condition_variable ended_;
  std::size_t workers_running_ = 0;                                  // guarded by ending_
  std::optional<std::chrono::steady_clock::time_point> give_up_at_;  // guarded by ending_; nothing until it stops

  std::mutex reloading_;
  std::shared_ptr<const std::vector<x509::lookup_list>> offered_;  // guarded by reloading_
  // Those that were replaced, until no connection holds them: what a large list takes is given back by whoever reloads,
  // and not by a thread that serves. Guarded by reloading_.
  contexts replaced_;
  std::shared_ptr<const std::vector<x509::lookup_list>>
      waiting_;  // guarded by reloading_; the last that were not taken
  std::mutex watching_;
  std::condition_variable stop_watching_;
  bool stopped_ = false;
  std::thread watcher_;
};

}  // namespace mutual::http
