#pragma once
// connection: HTTP/1.1 spoken over one stream, from its first request to its last.

#include "http/abandonable.hpp"
#include "http/filling_source.hpp"
#include "http/request_parser.hpp"
#include "http/response_writer.hpp"
#include "http/server_options.hpp"
#include "tls/busy_streams.hpp"
#include "tls/stream.hpp"

#include <mutual/request.hpp>
#include <mutual/task.hpp>
#include <mutual/tunnel.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::http {

/// What a connection is told by the server around it, while it lasts.
struct connection_guide {
  /// The server is stopping: finish the request under way, take no other.
  std::function<bool()> stopping;
  /// Whether whoever was let in may still be served; asked before each request is handled.
  std::function<bool()> still_welcome;
  /// Whether it has been found not to be, or was cut. Judges nobody anew: whoever does must close the connection.
  std::function<bool()> sent_away;
  /// The Date field of now.
  std::function<std::string_view()> date;
  /// The thread's busy streams, if the server keeps them.
  tls::busy_streams* busy = nullptr;
};

/// Serves requests one after another until either end has enough. Belongs to the stream's thread.
class connection {
 public:
  connection(tls::stream& stream, const server_options& options, std::shared_ptr<const connection_info> info,
             const connection_guide& guide);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Returns when the connection has been closed, or ended by cancelling its socket.
  task<> run();

  /// Whether it waits for a request of which nothing has come: then it may be closed without loss.
  bool idle() const { return idle_; }

  /// Whether it sends a body that has no end of its own.
  bool endless() const { return endless_; }

  /// Makes what has taken the connection over, if anything has, look whether it should go on.
  void nudge_tunnel() {
    if (in_tunnel_) nudge();
  }

 private:
  enum class progress { request, unread, refused, closed };
  // Of a body that is read piece by piece; `none` for all others.
  enum class body_state { none, coming, ended, broken };

  // While it lives, the request that it is made for can read its body piece by piece.
  class body_lease {
   public:
    body_lease(connection& self, request& asked);
    ~body_lease();
    body_lease(const body_lease&) = delete;
    body_lease& operator=(const body_lease&) = delete;

   private:
    std::shared_ptr<connection*> self_;  // null within, once it is over
  };

  task<progress> next_request();
  progress refused(int status, std::string_view detail);
  task<bool> fill();
  task<bool> welcome_body();
  task<bool> ask_for_body();
  task<std::optional<std::string>> next_piece();
  [[noreturn]] void break_body(int status, const std::string& detail);
  void take(std::size_t count);
  bool allow_for_body();
  task<bool> answer_request(bool whole);
  task<> answer_failure();
  void tell_broken_off();
  result<written_head> write_head(response& made, const response_terms& terms);
  task<bool> send(response& made, response_terms terms, bool keep);
  task<bool> send_pieces(response& made, body_kind kind);
  void reader_is_gone();
  task<bool> send_filled(const filling_source& source, std::size_t length);
  task<> hand_over(response& made, const response_terms& terms);
  task<tunnel::arrival> read_tunnel();
  task<bool> write_tunnel(std::string bytes);
  task<bool> pause_tunnel();
  void nudge();
  bool may_hold(bool goes_on) const;
  task<bool> write_out();
  void send_without_waiting();
  void tell_held(std::size_t taken);
  std::size_t taken_of_out(bool sent) const;
  bool count_body(std::size_t size, bool sent, std::size_t behind = 0);
  bool write_at_once(std::string_view& bytes);
  task<bool> write(std::string_view bytes);
  std::chrono::milliseconds patience() const;
  bool has_had_its_turn();
  bool row_is_over();
  void reset_at_the_end();
  static void give_back(std::string& buffer);

  // How the client takes what is written, or sends what is read.
  struct pace {
    std::size_t taken = 0;
    std::chrono::steady_clock::duration waited{};
  };

  // What the observer is to hear of an answer that is held.
  struct held_line {
    request line;
    answer_notes notes;
    int status = 0;
    std::size_t body_bytes = 0;
    std::chrono::steady_clock::time_point began;
    std::size_t end = 0;  // of the answer, in out_
  };

  tls::stream& stream_;
  const server_options& options_;
  std::shared_ptr<const connection_info> info_;
  const connection_guide& guide_;
  tls::busy_streams::place busy_;
  request_parser parser_;
  std::size_t taken_ = 0;  // of pending_, from its front
  std::string pending_;    // bytes read that the parser has not taken yet
  std::string out_;        // the answer being written, after those that are held for it
  std::vector<held_line> held_lines_;
  std::optional<response> refusal_;
  body_terms body_terms_;
  pace reading_;
  pace coming_;                // of the body: what the handler has taken of it already, and how long it was waited for
  std::size_t unsent_ = 0;     // of what the last write was given, if it failed
  std::size_t body_sent_ = 0;  // what the network has taken of the answer's body
  bool sent_whole_ = false;
  bool left_unsent_ = false;  // the client did not take what was held
  bool broken_off_ = false;   // the last answer's body ends with the connection, and did not come to its end
  abandonable_for<std::optional<std::string>>* asking_ = nullptr;  // while the next piece is waited for
  unsigned in_a_row_ = 0;  // answers, or pieces of one, since others had their turn or there was nothing to do
  std::chrono::steady_clock::time_point row_began_{};
  body_state body_ = body_state::none;
  bool body_continues_ = false;  // the client waits for 100 (Continue)
  bool in_body_ = false;
  bool idle_ = true;
  bool timed_out_ = false;
  bool endless_ = false;
  bool reader_gone_ = false;  // while pieces are sent to it
  bool reads_body_ = false;   // a piece of the request's is waited for
  bool in_tunnel_ = false;
  bool nudged_ = false;
  bool look_first_ = true;  // there may be something to read without a wait
};

}  // namespace mutual::http
