#pragma once
// server_worker: one thread of a server, with its own loop, listeners and connections.

#include "base/descriptor.hpp"
#include "http/connection.hpp"
#include "http/date.hpp"
#include "net/listener.hpp"
#include "net/loop.hpp"
#include "tls/busy_streams.hpp"
#include "tls/server_context.hpp"

#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace mutual::http {

class server;

/// Accepts its share of the connections and serves each on its own thread from first to last. Shares nothing with the
/// other workers but what is immutable. The public members may be called from any thread.
class server_worker {
 public:
  server_worker(server& owner, std::size_t number, std::vector<descriptor> listening);
  ~server_worker();
  server_worker(const server_worker&) = delete;
  server_worker& operator=(const server_worker&) = delete;

  void start();
  void join();
  /// Whoever connects from now on is refused by the kernel.
  void refuse_newcomers();
  /// Accepts no more, closes what is idle, lets the rest finish within the limit.
  void drain();
  /// Ends everything at once.
  void cut();
  /// Judges whoever is connected by the trust that holds now, and closes on those it refuses.
  void judge_all_again();
  std::size_t open_connections() const { return open_.load(std::memory_order_relaxed); }

 private:
  // One connection, from accept to close. It lives in its coroutine's frame.
  struct guest;
  struct settling;
  class enrolled;
  class at_the_door;

  void begin_drain();
  void cut_all();
  void give_up_the_rest();
  void give_up_those(bool (*which)(const guest&));
  void accepted(descriptor handle, const net::endpoint& remote);
  task<> listen_on(net::socket& listening);
  task<> attend(descriptor handle, net::endpoint remote);
  task<> serve(guest& self);
  task<bool> admit(guest& self);
  task<bool> shake_hands(guest& self);
  task<bool> ask_about(guest& self, std::shared_ptr<const connection_info> info);
  task<> wait_for_answers(guest& self);
  task<> turn_away(guest& self, std::shared_ptr<const connection_info> info);
  void stop_waiting(const guest& self);
  void refresh_answers();
  task<std::optional<char>> first_byte(guest& self);
  task<> handshake_failed(guest& self, tls::io_status status);
  task<> answer_plain_http(guest& self);
  void refuse(const guest& self, reason code, std::string_view detail);
  bool make_room(bool full);
  void leave_the_door(guest& self);
  void show_out(guest& self);
  bool cut_a_leaver();
  void begin_judging();
  void judge_some_again();
  void look_after_standings();
  bool is_of_today(const guest& self) const;
  bool still_welcome(guest& self);
  void tell_revoked(const tls::standing& earlier, const tls::server_context& found_by,
                    std::optional<sys_seconds> answered) const;
  void dismiss(guest& self);
  void dismiss_for(guest& self, const tls::verdict& why, std::optional<sys_seconds> answered = std::nullopt);
  void leave();

  server& owner_;
  std::size_t number_;  // among the server's threads
  net::loop loop_;
  tls::busy_streams busy_;
  std::mutex closing_;                // held to close what listens, and by other threads that look at its descriptors
  std::list<net::socket> listening_;  // as many as at first, open or closed
  std::list<guest*> guests_;
  std::list<guest*>::iterator next_to_judge_ = guests_.end();  // and so on, round and round
  std::size_t left_to_judge_ = 0;                              // in this round
  bool judging_ = false;
  std::list<guest*> at_the_door_;     // those who have not shown who they are yet, the newest first
  std::list<guest*> on_the_way_out_;  // those who were refused and have not gone yet, the newest first
  std::size_t listeners_running_ = 0;
  std::atomic<std::size_t> open_{0};
  bool draining_ = false;
  bool cutting_ = false;
  bool full_ = false;
  net::deadline drain_limit_;
  date_cache dates_;
  std::thread thread_;
};

}  // namespace mutual::http
