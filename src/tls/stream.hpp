#pragma once
// stream: bytes both ways over a socket, under TLS or plain.

#include "base/descriptor.hpp"
#include "net/socket.hpp"
#include "tls/record_watch.hpp"
#include "tls/socket_bio.hpp"
#include "tls/ssl.hpp"

#include <mutual/task.hpp>

#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>

namespace mutual::tls {

enum class io_status {
  ok,           ///< That many bytes were moved.
  would_block,  ///< Nothing now: wait() and try again.
  ended,        ///< The other end has said that nothing more comes (close_notify; a plain socket's end).
  cut_off,      ///< The connection ended without close_notify, or was reset: what came before may be incomplete.
  failed,       ///< TLS failed; `code` is OpenSSL's error, an alert from the other end included, unless it `flooded()`.
  timed_out,    ///< The deadline passed.
  cancelled,    ///< Ended by our own side.
};

/// What became of one read or write.
struct io {
  io_status status = io_status::ok;
  std::size_t bytes = 0;
};

/// A connected socket with TLS on top, or plain if it is given no SSL: one class and one `if`, so that what runs above
/// is the same code for HTTP, HTTPS and mutual TLS. Belongs to its loop's thread. Does not move.
class stream {
 public:
  /// `ssl` already knows its role (accept or connect); it may be null.
  stream(net::loop& on, descriptor handle, ssl_ptr ssl);
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  net::socket& socket() { return socket_; }
  bool secure() const { return ssl_ != nullptr; }
  SSL* native() const { return ssl_.get(); }

  /// Looks at the first bytes that come in without taking them: whoever reads later, TLS too, begins with them. `ok`
  /// with the first byte in `first`; for a stream that is plain so far.
  io try_look(char& first);

  /// Puts TLS on top of a socket that was plain until now.
  void start_tls(ssl_ptr ssl);

  /// Shakes hands until done (ok) or something else; the socket's deadline holds. The ticket that a server of TLS 1.3
  /// ends with goes out with the first answer, or when the client is waited for. From then on a client that ends
  /// without close_notify leaves its session behind, as one that says it does.
  task<io_status> handshake();

  /// Reads what is there, without waiting. Also would_block when it has had its share of this turn of the loop,
  /// whatever is there: after a wait it goes on.
  io try_read(std::span<char> into);
  /// Writes what can be taken, without waiting. Of much, several records go out in one system call; what the socket
  /// did not take of them is on its way (`has_unsent`), and before most of it is out nothing more is taken. Given
  /// nothing, sends of that what can be sent: would_block while some is left.
  io try_write(std::string_view bytes);
  /// Whether something that was written waits for the socket: try_write or wait() send it.
  bool has_unsent() const { return !bio_state_.held.empty(); }
  /// How much that is, sealed.
  std::size_t unsent() const { return bio_state_.held.size(); }
  /// From now on a single record that the socket does not take is on its way, too, as are those of much. For whoever
  /// reads before it is out: OpenSSL fails if it has to answer something (a key update) while a write is under way.
  void hold_refused() { holds_refused_ = true; }
  /// Waits for whatever the last would_block was for. What was held back goes out first.
  net::socket::awaiter wait();

  /// Whether the next wait() is for the others on its thread alone, and the other end is not to blame for it.
  bool only_yields() const { return socket_.only_yields(wanted_); }

  /// Makes the next wait() wait for something to read.
  void expect_read() { wanted_ = net::socket::direction::read; }
  /// Makes the next wait() wait for none of both: until the socket is woken, or the deadline.
  void expect_nothing() { wanted_ = net::socket::direction::neither; }
  /// Whether TLS holds bytes that it has read from the socket already; a wait would not see them.
  bool has_pending() const { return ssl_ && (SSL_has_pending(ssl_.get()) == 1 || !bio_state_.early.empty()); }

  /// Whether TLS keeps its room for records when they are done with. False, as at first, gives it back at once.
  void keep_buffers(bool keep);

  /// Takes bytes off the wire that TLS has not asked for; for a TLS that has failed. How many there were.
  std::size_t take_raw(std::span<char> into);

  /// Reads at least one byte, or says why not.
  task<io> read(std::span<char> into);
  /// Writes all of it, or says why not.
  task<io_status> write(std::string_view bytes);

  /// OpenSSL's code of the last failure (ERR_GET_REASON and so on), or 0.
  unsigned long failure_code() const { return failure_code_; }
  /// Whether it has failed because the other end sent too many records in a row that carry nothing (record_watch).
  bool flooded() const { return watch_.too_many(); }
  /// What OpenSSL said about the last failure, in its words, or that it was flooded; computed on demand.
  std::string failure_text() const;

  /// Says goodbye (close_notify) as far as it can be said at once, without waiting for an answer. False if the socket
  /// does not take it now: to be said again.
  bool say_goodbye();

  /// Closes so that the other end surely reads what was written last, an alert above all: says that nothing more comes,
  /// then reads and throws away what still arrives, until the other end closes too or `limit` has passed. Closing at
  /// once with unread bytes would make the kernel send a reset, and a reset destroys what the other end has not read
  /// yet (RFC 9112 section 9.6; RFC 1122 section 4.2.2.13).
  task<> linger(std::chrono::milliseconds limit);

 private:
  io outcome(int code);
  io give_up();
  io plain_outcome(ssize_t count, bool reading);
  io try_write_records(std::string_view bytes);

  net::socket socket_;
  socket_bio_state bio_state_;
  record_watch watch_{socket_};
  ssl_ptr ssl_;
  net::socket::direction wanted_ = net::socket::direction::read;
  bool holds_refused_ = false;
  unsigned long failure_code_ = 0;
};

}  // namespace mutual::tls
