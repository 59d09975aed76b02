#pragma once
// How OpenSSL reaches the socket.

#include "net/socket.hpp"
#include "x509/openssl.hpp"

#include <openssl/bio.h>

#include <cstddef>
#include <span>
#include <string>

namespace mutual::tls {

/// Records that are collected to go out together: each system call costs more than sealing a record does.
struct record_batch {
  std::span<char> room;
  std::size_t used = 0;
  bool closing = false;  ///< What is written next is the last of it, and goes out with it from where it is.

  std::size_t left() const { return room.size() - used; }
};

/// What a BIO of ours works on; outlives the BIO.
struct socket_bio_state {
  net::socket* socket = nullptr;
  bool ended = false;  ///< The other end has closed its side.
  bool gone = false;   ///< What was held could not be sent, and never will be.

  /// Whether OpenSSL hears of `ended`. Then an end without close_notify is to it a failure of TLS, for which it sends
  /// an alert and forgets the session; else it is as if the network had failed, which costs the connection alone.
  /// Neither is ever taken for an end with close_notify, as it would be by SSL_OP_IGNORE_UNEXPECTED_EOF.
  bool tells_end = true;

  /// While true, what OpenSSL writes is kept in `held`, to go out with what is written next, or by flush().
  bool holding = false;
  std::string held;

  /// If not null, what OpenSSL writes is put there instead, as long as there is room for it.
  record_batch* batch = nullptr;

  /// What was read off the socket before OpenSSL asked for it, from `early_taken` on; it comes first.
  std::string early;
  std::size_t early_taken = 0;
};

/// Writes what is held, as far as the socket takes it without waiting. False if some of it is left; if the connection
/// is gone nothing is left, and `gone` says so.
bool flush(socket_bio_state& state);

/// Sends what is held and then the batch. What the socket does not take is held, so nothing else may be written before
/// flush() has sent it. False if the connection is gone.
bool send_batch(socket_bio_state& state, const record_batch& batch);

/// Takes up to `size` bytes of what was read early; 0 if nothing is left of it.
std::size_t take_early(socket_bio_state& state, char* into, std::size_t size);

/// A BIO that reads and writes the socket, and does not ask it for what it surely has not. OpenSSL's own writes with
/// write(2), which raises SIGPIPE in a program that has not given that signal up; a library may not ask that of a
/// program.
x509::bio_ptr make_socket_bio(socket_bio_state& state);

}  // namespace mutual::tls
