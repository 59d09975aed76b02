#pragma once
// record_watch: how much work the other end makes with records that carry nothing for the application.

#include "net/socket.hpp"

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>

namespace mutual::tls {

/// Counts the records that come in after the handshake. OpenSSL goes through key updates (RFC 8446 section 4.6.3),
/// empty records (section 5.1), warnings and refused renegotiations (of TLS 1.2) one after the other within a single
/// read, and a key update is 27 bytes that cost as much as a small request: the bytes alone do not tell what one
/// connection takes of its thread. So each record counts against the connection's share of a turn, one without
/// plaintext more than one with it; and too many of those in a row are an attack, and end the connection. Does not
/// move; outlives the SSL.
class record_watch {
 public:
  /// More than anybody needs: OpenSSL itself takes 32 empty records in a row for an attack, and key updates are due
  /// after millions of records (RFC 8446 section 5.5).
  static constexpr unsigned most_in_a_row = 64;
  /// So many within that time: whoever listens to a stream of events sends nothing else for hours.
  static constexpr std::chrono::seconds in_time{1};

  explicit record_watch(net::socket& socket) : socket_(socket) {}
  record_watch(const record_watch&) = delete;
  record_watch& operator=(const record_watch&) = delete;

  /// Before the handshake: since OpenSSL 3.2, records are told of only to whom had a message callback when their keys
  /// were made. It takes the place of a server's (of which ours have none); a client's has to call see(), and gets this
  /// as its argument.
  void attach(SSL* ssl);

  /// Counts from now on.
  void begin() { counts_ = true; }

  /// What OpenSSL's message callback is told (SSL_set_msg_callback(3)).
  void see(int written, int type, SSL* ssl) noexcept;

  /// Something was read.
  void plaintext_came() { in_a_row_ = 0; }

  /// Whether too many have come in a row. Then OpenSSL has been stopped: it reads nothing any more.
  bool too_many() const { return in_a_row_ > most_in_a_row; }

 private:
  net::socket& socket_;
  bool counts_ = false;
  unsigned in_a_row_ = 0;
  std::chrono::steady_clock::time_point began_{};  // of the row, once it is one
};

}  // namespace mutual::tls
