#pragma once
// What can go wrong, as a value.

#include <string>
#include <string_view>
#include <utility>

namespace mutual {

/// What kind of thing went wrong; the sentence in `error` says which, where, and what to do.
enum class errc {
  bad_usage,        ///< The caller asked for something that makes no sense: exit code 2 on the command line.
  bad_input,        ///< A file, a password or a message is not what it should be.
  password_needed,  ///< A file is encrypted, and no password was given.
  not_found,        ///< There is no such file, name, host or certificate.
  already_exists,   ///< It is there, and we do not overwrite it.
  io,               ///< The operating system refused: permissions, a full disk, a port in use.
  tls,              ///< A handshake or a certificate failed.
  protocol,         ///< The other end broke the protocol.
  timed_out,        ///< A limit in time was passed.
  limit_exceeded,   ///< A limit in size or number was passed.
  closed,           ///< The other end has gone, or we are shutting down.
  internal,         ///< Our own fault.
};

/// The code's name, as it is written in logs ("bad_input").
std::string_view to_string(errc code);

/// One failure: a code for programs and one sentence for people that says what, where, and what to do.
class error {
 public:
  error(errc code, std::string message) : code_(code), message_(std::move(message)) {}

  errc code() const { return code_; }
  const std::string& message() const { return message_; }

  /// The same failure, its sentence preceded by `context` and a colon.
  error in(std::string_view context) const { return {code_, std::string(context) + ": " + message_}; }

 private:
  errc code_;
  std::string message_;
};

}  // namespace mutual
