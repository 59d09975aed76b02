#pragma once
// visit: one client connection at a time, step by step as its socket allows.

#include "base/descriptor.hpp"
#include "load_client.hpp"
#include "tls/ssl.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace mutual::bench {

class visit {
 public:
  enum class outcome {
    waiting,   ///< For the socket.
    answered,  ///< A 200 with its whole body has come.
    failed,    ///< See why().
  };

  explicit visit(const load_client& who) : who_(who) {}
  visit(const visit&) = delete;
  visit& operator=(const visit&) = delete;

  /// Connects; `resume` takes up the session that the connection before left.
  bool open(bool resume);
  int fd() const { return socket_.get(); }

  /// Goes on as far as it goes without waiting.
  outcome step();

  /// Begins the next request on the same connection.
  void ask_again();

  /// Says goodbye and closes, as a client does that is done.
  void close();

  bool resumed() const { return ssl_ && SSL_session_reused(ssl_.get()) == 1; }
  const std::string& why() const { return why_; }

 private:
  enum class phase { handshake, write, read };

  outcome later(int code);
  outcome fail(std::string why);
  outcome read_answer();
  outcome read_head(std::string_view answer);

  const load_client& who_;
  descriptor socket_;
  tls::ssl_session_ptr session_;
  tls::ssl_ptr ssl_;
  phase phase_ = phase::handshake;
  std::string_view unsent_;
  std::array<char, 4096> buffer_{};  // the answer's head, then the body's pieces one over another
  std::size_t filled_ = 0;
  std::size_t body_left_ = 0;
  bool in_body_ = false;
  std::string why_;
};

}  // namespace mutual::bench
