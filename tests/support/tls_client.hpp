#pragma once
// A TLS client for tests, made of OpenSSL alone: it can be made to do what no honest client does, and it reports what
// the server told it.

#include "support/pki.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mutual::test {

struct client_options {
  int version = TLS1_3_VERSION;            ///< The only one spoken.
  std::vector<identity> chain{};           ///< What is presented, leaf first; empty for no certificate.
  std::string server_name{};               ///< The SNI; none if empty.
  std::shared_ptr<SSL_SESSION> session{};  ///< To be resumed.
  std::string alpn{};                      ///< One protocol to offer; none if empty.
  std::string ciphers{};                   ///< TLS 1.2's; the default if empty.
  std::string groups{};                    ///< The default if empty.
};

/// What a connection with one GET came to, as the client saw it.
struct client_report {
  bool connected = false;  ///< The handshake ended well as far as the client can know.
  bool resumed = false;
  int status = 0;  ///< Of the answer; 0 if there was none.
  std::string body;
  std::optional<int> alert;                 ///< The fatal alert that the server sent.
  bool reset = false;                       ///< The connection ended by a reset.
  std::vector<std::string> accepted_names;  ///< The CA names of the server's CertificateRequest.
  bool asked_for_certificate = false;
  std::shared_ptr<SSL_SESSION> session;  ///< One that could be resumed, if the server gave one.
};

/// Connects to 127.0.0.1:port, asks for `target`, reads the answer to its end. Blocks, for ten seconds at most.
client_report get(unsigned short port, const client_options& how, const std::string& target = "/");

}  // namespace mutual::test
