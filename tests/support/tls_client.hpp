#pragma once
// A TLS client for tests, made of OpenSSL alone: it can be made to do what no honest client does, and it reports what
// the server told it.

#include "base/descriptor.hpp"
#include "support/pki.hpp"
#include "tls/ssl.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::test {

using session = std::shared_ptr<SSL_SESSION>;

struct client_options {
  int version = TLS1_3_VERSION;        ///< The only one spoken.
  std::vector<identity> chain{};       ///< What is presented, leaf first; empty for no certificate.
  std::string server_name{};           ///< The SNI; none if empty.
  test::session session{};             ///< To be resumed.
  std::string alpn{};                  ///< One protocol to offer; none if empty.
  std::string ciphers{};               ///< TLS 1.2's; the default if empty.
  std::string suites{};                ///< TLS 1.3's; the default if empty.
  std::string groups{};                ///< The default if empty.
  std::string signature_algorithms{};  ///< The default if empty.
};

/// What a connection came to, as the client saw it.
struct client_report {
  bool connected = false;  ///< The handshake ended well as far as the client can know.
  bool resumed = false;
  int status = 0;  ///< Of the answer; 0 if there was none.
  std::string body;
  std::optional<int> alert;                 ///< The fatal alert that the server sent.
  bool closed_cleanly = false;              ///< The server said close_notify.
  bool reset = false;                       ///< The connection ended by a reset.
  std::vector<std::string> accepted_names;  ///< The CA names of the server's CertificateRequest.
  bool asked_for_certificate = false;
  unsigned short port = 0;  ///< The client's own: what the server's log calls it by.
  test::session session;    ///< One that could be resumed, if the server gave one.
  /// What a dishonest client makes of a handshake that failed: the session's id and secret as far as it knows them
  /// (TLS 1.2), whatever the server said. Null if there is nothing to make it of.
  test::session half_made;
};

/// A plain connection to 127.0.0.1:port that gives up after ten seconds of silence.
descriptor connect_plain(unsigned short port);

/// What is read from a plain socket until it ends.
std::string read_all(int fd);

/// One TLS connection to 127.0.0.1. Blocks, for ten seconds at most.
class tls_connection {
 public:
  tls_connection(unsigned short port, client_options how);
  tls_connection(const tls_connection&) = delete;
  tls_connection& operator=(const tls_connection&) = delete;
  ~tls_connection();

  const client_report& report() const { return report_; }
  int fd() const { return handle_.get(); }
  SSL* native() { return ssl_.get(); }

  /// Whether all of it was handed to the network; that says nothing about whether anybody reads it.
  bool write(std::string_view bytes);
  /// What comes next; empty at the end, whatever the end was (see the report).
  std::string read_some();
  /// Reads up to the end of one answer that has a Content-Length, or to the end of the connection.
  std::string read_answer();
  std::string read_to_end();
  /// Says close_notify.
  void shut_down();
  /// Gone without close_notify: the connection just ends, or is reset. Of no further use.
  void vanish(bool with_reset = false);

  /// GET target on this connection, which stays open; the answer's body, or nothing if there was no answer.
  std::optional<std::string> ask(const std::string& target = "/");

 private:
  friend struct connection_callbacks;
  client_options how_;
  client_report report_;
  descriptor handle_;
  tls::ssl_ctx_ptr context_;
  tls::ssl_ptr ssl_;
  std::string pending_;
};

/// Connects to 127.0.0.1:port, asks for `target`, reads the answer to its end.
client_report get(unsigned short port, const client_options& how, const std::string& target = "/");

/// Another session with that one's id or ticket and another secret: what a thief has who saw it on the wire.
session with_other_secret(const session& whole);

/// The status of an HTTP/1.1 answer; 0 if it is none.
int status_of(std::string_view answer);
/// What follows the head.
std::string body_of(std::string_view answer);

}  // namespace mutual::test
