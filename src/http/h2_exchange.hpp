#pragma once
// h2_exchange: one request over HTTP/2, from its handler to the end of its answer.

#include "http/abandonable.hpp"
#include "http/bell.hpp"
#include "http/connection.hpp"
#include "http/h2_session.hpp"
#include "http/server_options.hpp"

#include <mutual/request.hpp>
#include <mutual/response.hpp>
#include <mutual/task.hpp>
#include <mutual/tunnel.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mutual::http {

/// Works on one stream in a coroutine of its own, so that no request waits for another's handler. Made when the request
/// has been handed over; does not move; may be destroyed at any time but from within.
struct h2_exchange {
  /// `advance` makes the connection look at the session again.
  h2_exchange(h2_session& over, h2_stream& on, const server_options& with, const connection_guide& by,
              std::function<void()> advance);
  ~h2_exchange();
  h2_exchange(const h2_exchange&) = delete;
  h2_exchange& operator=(const h2_exchange&) = delete;

  /// Begins; what can be done without waiting is done when it returns.
  void start();
  /// The session has news of the stream.
  void tell(h2_event::kind what);
  /// Breaks off an answer that has no end of its own; others go on. Not from within.
  void end_if_endless();
  /// Lets what speaks through a tunnel look at what else there is: at the clock, or at a stop. Not from within.
  void nudge();
  /// What time it is: a tunnel in which nothing has come for a while is nudged.
  void look_at_clock(std::chrono::steady_clock::time_point now);
  /// Whether an answer, or more of one, is to come that has an end and for which the client need say nothing more.
  bool works_on_answer() const;
  /// All is done, also for whoever observes.
  bool done() const { return done_; }

 private:
  task<> run();
  task<> send(response& made, bool to_head);
  task<> send_pieces(response& made);
  void lend_body(request& asked);
  task<std::optional<std::string>> next_piece();
  task<> hand_over(response& made);
  task<tunnel::arrival> read_tunnel();
  task<bool> write_tunnel(std::string bytes);
  task<bool> pause();
  bool goes_on() const;

  h2_session& session_;
  h2_stream& stream_;
  const server_options& options_;
  const connection_guide& guide_;
  std::function<void()> advance_;
  std::optional<task<>> work_;
  bell news_;
  abandonable_for<std::optional<std::string>>* asking_ = nullptr;  // while the next piece of an answer is waited for
  std::shared_ptr<h2_exchange*> lent_;  // to the request's source; null within, once it leads nowhere
  bool closed_ = false;
  bool endless_ = false;
  bool nudged_ = false;
  bool has_turn_ = false;
  unsigned in_a_row_ = 0;  // things done since there was news
  std::chrono::steady_clock::time_point row_began_{};
  std::optional<std::chrono::steady_clock::time_point> listening_since_;  // in a tunnel, while it is read
  bool done_ = false;
};

}  // namespace mutual::http
