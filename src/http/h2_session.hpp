#pragma once
// h2_session: HTTP/2 as a server speaks it, without input or output.

#include "http/h2_patience.hpp"
#include "http/h2_response.hpp"
#include "http/h2_stream.hpp"
#include "http/server_options.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct nghttp2_session;

namespace mutual::http {

/// What has become of a stream.
struct h2_event {
  enum class kind : std::uint8_t {
    request,      ///< A request is to be answered: it is whole, or refused, or its body is not wanted or not yet there.
    has_piece,    ///< Of a body in pieces that ask_for_piece() was called for: there is one, or an end.
    wants_piece,  ///< The next piece of an answer's body can be sent; give_piece() or end_body() is due.
    answered,     ///< All of the answer has been sent, and the request goes on: release() it; the rest is thrown away.
    closed,       ///< Nothing more can be sent or received on it.
    turn,         ///< It is the turn of whoever works on it and has let others go first, by ask_for_turn().
  };
  kind what;
  h2_stream* stream;
};

/// Bytes in, bytes out, and events in between: nghttp2 with our rules around it. What one client may take up is bounded
/// here: streams, header sizes, bodies in memory, and useless work (h2_patience). It is told the time, and reads and
/// writes nothing. Not thread-safe.
class h2_session {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  h2_session(const server_options& options, std::shared_ptr<const connection_info> info);
  ~h2_session();
  h2_session(const h2_session&) = delete;
  h2_session& operator=(const h2_session&) = delete;

  /// Takes what the client has sent. Afterwards there may be events, and something to collect.
  void feed(std::string_view bytes, time_point now);

  /// Appends what is to be sent to `out`, about `enough` bytes of it at most; false if there was nothing.
  bool collect(std::string& out, std::size_t enough, time_point now);

  /// The next thing that has happened. The stream of a `request` stays until it is released; a `closed` comes only for
  /// streams whose `request` has been taken. Requests come last, or after as many other events as there are streams, of
  /// which there may always be one; and they wait while the client takes no answers.
  std::optional<h2_event> next_event();
  bool has_events() const { return event_at_ < events_.size() || (!requests_.empty() && may_begin()); }

  /// What has come of a request's body that is read in pieces; empty if there is nothing now. The client gets room for
  /// as much again.
  std::string take_piece(h2_stream& from, time_point now);
  /// Has an event made when there is more, or no more will come; tells a client that waits for it to send the body.
  void ask_for_piece(h2_stream& from, time_point now);
  /// Has a `turn` made, behind what has happened by now; also for a stream that is closed.
  void ask_for_turn(h2_stream& on) { events_.push_back({h2_event::kind::turn, &on}); }

  /// Answers with a head and a body. The streams given here and below may be closed; then nothing is done.
  void respond(h2_stream& to, const h2_head& head, std::string body);
  /// Answers with a head, and a body that is asked for piece by piece.
  void respond_in_pieces(h2_stream& to, const h2_head& head);
  /// The next piece, not empty; once for each wants_piece.
  void give_piece(h2_stream& to, std::string piece);
  /// There is no further piece.
  void end_body(h2_stream& to);
  /// The answer cannot go on: the client must not take it for a whole one.
  void break_off(h2_stream& to);
  /// Nobody works on a stream any more, which may be gone afterwards.
  void release(h2_stream& which);

  /// Tells the client to begin nothing new; what it has begun by then is served still. Twice is as once.
  void begin_shutdown(time_point now);
  /// The same, without waiting for the client to have heard it.
  void finish_shutdown();
  /// Ends the session: tells the client that nothing more of it is served.
  void terminate();
  /// Whether a shutdown has been begun.
  bool shutting_down() const { return shutting_down_; }
  /// Nothing is left to be said or heard.
  bool over() const;
  /// The connection is gone: every stream is closed.
  void abandon();

  /// Refuses the requests whose bodies are late, gives up the answers that are not read, and ends a shutdown whose
  /// client does not answer. False if a header that has begun is late: the connection is of no use.
  bool judge_times(time_point now);
  /// The client gave no room to send, for that long, while there was nothing else to do.
  void add_stall(duration length) { stalls_ += length; }

  /// No request is under way and none has begun.
  bool quiet() const { return streams_.empty() && !block_began_; }
  /// How many streams are open or worked on.
  std::size_t streams() const { return streams_.size(); }
  /// Why the session ended, in words for the log; empty if it was nobody's fault.
  const std::string& fault() const { return fault_; }

 private:
  struct callbacks;
  friend struct callbacks;
  struct deleter {
    void operator()(nghttp2_session* which) const;
  };

  h2_stream* find(std::int32_t id) const;
  void head_is_there(h2_stream& on, bool more);
  void request_is_whole(h2_stream& on);
  void hand_over(h2_stream& on);
  void take_data(h2_stream& on, std::string_view piece);
  bool may_hold_more(const h2_stream& on) const;
  void throw_away(h2_stream& on);
  void leave_open(h2_stream& on);
  void call_off_if_due(h2_stream& on);
  void repay();
  void give_back(h2_stream& of, std::size_t kept);
  bool may_begin() const;
  void give_room(h2_stream& on);
  void say_continue(h2_stream& to);
  void tell_of_piece(h2_stream& on);
  void submit(h2_stream& to, const h2_head& head, bool body);
  bool suffer(h2_nuisance what);
  void reset(h2_stream& on, std::uint32_t code);
  void end_badly(std::uint32_t code, std::string why);
  bool body_is_late(const h2_stream& on) const;
  bool answer_is_not_read(const h2_stream& on) const;
  void closed(h2_stream& on);
  void tell_broken_off(h2_stream& on) const;
  void forget(h2_stream& which);

  const server_options& options_;
  std::shared_ptr<const connection_info> info_;
  limits bounds_;
  std::unique_ptr<nghttp2_session, deleter> session_;
  std::map<std::int32_t, std::unique_ptr<h2_stream>> streams_;
  std::vector<h2_event> events_;
  std::size_t event_at_ = 0;
  std::size_t told_ = 0;              // events, while requests wait
  std::vector<h2_stream*> requests_;  // that nobody has taken yet, the oldest first
  std::string* collecting_ = nullptr;
  bool paused_ = false;
  std::size_t granted_ = 0;    // of all streams
  std::size_t handed_ = 0;     // of those of them whose requests are with their handlers, or wait for them
  bool held_back_ = false;     // somebody waits for room
  std::size_t left_open_ = 0;  // streams
  std::size_t over_ = 0;       // streams
  std::size_t unsent_ = 0;     // bytes of whole answers that the client has not taken to their ends
  h2_patience patience_;
  time_point now_{};
  duration stalls_{};
  std::optional<time_point> block_began_;  // of a header that is not whole
  std::size_t block_frames_ = 0;
  std::size_t block_bytes_ = 0;
  std::size_t block_plain_ = 0;  // of its fields, written out
  std::int32_t newest_ = 0;      // stream that the client has begun
  std::string fault_;
  time_point shutdown_began_{};
  bool shutting_down_ = false;
  bool last_stream_told_ = false;
  bool ended_badly_ = false;
};

}  // namespace mutual::http
