#pragma once
// How OpenSSL reaches the socket.

#include "x509/openssl.hpp"

#include <openssl/bio.h>

namespace mutual::tls {

/// What a BIO of ours works on; outlives the BIO.
struct socket_bio_state {
  int fd = -1;
  bool ended = false;   ///< The other end has closed its side.
  int failed_with = 0;  ///< errno of a call that failed, or 0.
};

/// A BIO that reads and writes the socket by recv and send. OpenSSL's own writes with write(2), which raises SIGPIPE
/// in a program that has not given that signal up; a library may not ask that of a program.
x509::bio_ptr make_socket_bio(socket_bio_state& state);

}  // namespace mutual::tls
