#pragma once
// What all visits of one load share: the client's certificate, whom it trusts, and where it goes.

#include "load_options.hpp"
#include "tls/ssl.hpp"

#include <mutual/result.hpp>

#include <string>

namespace mutual::bench {

class load_client {
 public:
  static result<load_client> make(const load_options& options);

  /// A connection's SSL, ready to connect over `fd`. The sessions that the server hands out on it are put into `kept`,
  /// the newest in place of the one before; `resume` may be null.
  tls::ssl_ptr connect_over(int fd, SSL_SESSION* resume, tls::ssl_session_ptr& kept) const;

  /// A connected non-blocking socket, or -1.
  int open_socket() const;

  const std::string& request() const { return request_; }

 private:
  bool present_another(SSL* ssl) const;

  tls::ssl_ctx_ptr context_;
  x509::pkey_ptr issuer_key_;  // of what signs a certificate for each visit; null if they all have one
  std::string host_;
  std::string request_;
  unsigned short port_ = 0;
};

}  // namespace mutual::bench
