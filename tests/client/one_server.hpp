#pragma once
// Servers for the client's tests: small, blocking, and doing exactly what a test says, right or wrong.

#include "base/descriptor.hpp"
#include "support/pki.hpp"
#include "tls/ssl.hpp"

#include <openssl/ssl.h>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace mutual::test {

/// Listens on the loopback and hands each connection to a function, one after another, on a thread of its own.
class one_server {
 public:
  explicit one_server(std::function<void(int fd)> serve);
  ~one_server();
  one_server(const one_server&) = delete;
  one_server& operator=(const one_server&) = delete;

  unsigned short port() const { return port_; }
  std::string url(std::string_view scheme, std::string_view path = "/") const;

 private:
  void run();

  std::function<void(int)> serve_;
  descriptor listening_;
  unsigned short port_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// How a TLS server of a test behaves.
struct tls_terms {
  int version = TLS1_3_VERSION;
  bool ask = false;               ///< Sends a CertificateRequest.
  bool require = false;           ///< And refuses without a certificate.
  int refuse_with = X509_V_OK;    ///< What its verification finds wrong with every client.
  std::vector<identity> names{};  ///< Whose subjects it names as acceptable issuers.
  std::vector<identity> chain{};  ///< What it sends after its own certificate.
  std::size_t tickets = 2;
  std::string signature_algorithms{};  ///< That it accepts of clients, as OpenSSL writes them; empty for its own.
};

/// The verification of such a server, whose second argument is its tls_terms.
int refuse(X509_STORE_CTX* store, void* terms);

/// The context of such a server; for `terms` as long as it lives.
tls::ssl_ctx_ptr server_side(const identity& own, const tls_terms& terms);

/// A connection that has shaken hands, for scripts.
class tls_session {
 public:
  tls_session(SSL_CTX* context, int fd);
  ~tls_session();
  tls_session(const tls_session&) = delete;
  tls_session& operator=(const tls_session&) = delete;

  bool good() const { return good_; }
  SSL* native() const { return ssl_.get(); }
  void write(std::string_view bytes);
  std::string read_head();  ///< Up to the blank line; what came if the connection ends before.
  void say_goodbye();       ///< close_notify

 private:
  tls::ssl_ptr ssl_;
  bool good_;
};

/// Reads from a plain socket up to the blank line.
std::string read_plain_head(int fd);
void write_plain(int fd, std::string_view bytes);
/// Reads and throws away until the other end closes, so that closing sends no reset.
void drain(int fd);

}  // namespace mutual::test
