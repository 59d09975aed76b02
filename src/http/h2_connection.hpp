#pragma once
// h2_connection: HTTP/2 spoken over one stream of bytes, from its first request to its last.

#include "http/bell.hpp"
#include "http/connection.hpp"
#include "http/h2_exchange.hpp"
#include "http/h2_session.hpp"
#include "http/server_options.hpp"
#include "tls/stream.hpp"

#include <mutual/request.hpp>
#include <mutual/task.hpp>

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <string>

namespace mutual::http {

/// Serves requests beside one another until either end has enough. Belongs to the stream's thread.
class h2_connection {
 public:
  h2_connection(tls::stream& stream, const server_options& options, std::shared_ptr<const connection_info> info,
                const connection_guide& guide);
  h2_connection(const h2_connection&) = delete;
  h2_connection& operator=(const h2_connection&) = delete;

  /// Returns when the connection has been closed, or ended by cancelling its socket, and no handler works for it any
  /// more.
  task<> run();

  /// Takes no new requests, finishes those under way, then closes.
  void drain();

  /// How many requests are worked on.
  std::size_t under_way() const { return exchanges_.size(); }

 private:
  enum class output { drained, blocked, gone };
  enum class input { open, ended, broken };
  enum class told { nothing, turns, more };  // `turns` and nothing else

  task<> serve();
  task<> tell_the_rest();
  void handle_events();
  void begin(h2_stream& on);
  void reap();
  output write_out();
  void note_moved(std::size_t handed_over);
  bool read_in();
  bool has_said_all(output state) const;
  task<bool> rest(output state, bool more);
  bool has_had_its_turn() const;
  void begin_turn();
  bool time_is_up(output state);
  void set_deadline(output state);
  std::chrono::milliseconds patience() const;
  std::chrono::milliseconds tick() const;
  void advance();
  void note_fault();

  tls::stream& stream_;
  const server_options& options_;
  std::shared_ptr<const connection_info> info_;
  const connection_guide& guide_;
  h2_session session_;
  std::list<h2_exchange> exchanges_;
  bell finished_;
  std::string out_;
  std::size_t out_sent_ = 0;
  std::size_t unsent_ = 0;     // of what was handed to the stream, when it was last looked at
  std::size_t out_taken_ = 0;  // by the client, since there was last nothing to send
  std::chrono::steady_clock::duration out_waited_{};
  std::chrono::steady_clock::time_point out_moved_{};
  std::chrono::steady_clock::time_point sent_at_{};  // last, or until the client's end
  std::chrono::steady_clock::time_point now_;
  std::chrono::steady_clock::time_point judged_at_;
  std::chrono::steady_clock::time_point idle_since_;
  std::chrono::steady_clock::time_point row_began_;
  unsigned in_a_row_ = 0;
  told told_ = told::nothing;  // in this turn
  input input_ = input::open;
  bool ours_to_end_ = false;  // we end it: the client must be able to read what we have written last
  bool unwelcome_ = false;
};

}  // namespace mutual::http
