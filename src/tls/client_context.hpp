#pragma once
// client_context: what a client proves itself with and judges servers by.

#include "tls/ssl.hpp"
#include "tls/trust.hpp"
#include "tls/verdict.hpp"
#include "x509/certificate.hpp"
#include "x509/identity.hpp"

#include <mutual/peer.hpp>
#include <mutual/result.hpp>
#include <mutual/tls.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mutual::tls {

/// What a client_context is made from.
struct client_settings {
  std::optional<x509::identity> own;     ///< What to present to a server that asks; nothing to stay unknown.
  std::shared_ptr<const trust> servers;  ///< Whom to believe; null for the CA certificates of this system.
  /// Judges each server all the same and tells the verdict, but lets none of them be refused. For looking, not for use:
  /// anybody can then be at the other end.
  bool accept_any_server = false;
  version at_least = version::v1_2;
  version at_most = version::v1_3;
};

/// What a server that asks for a certificate says that it would accept.
struct certificate_request {
  static constexpr std::size_t most_names = 64;

  std::vector<std::string> issuers;               ///< RFC 4514; the first `most_names`. Empty: it does not say.
  std::size_t issuer_count = 0;                   ///< How many there were.
  bool names_our_issuer = false;                  ///< One of them has issued a certificate that we present, or is it.
  std::vector<std::string> signature_algorithms;  ///< As RFC 8446 names them: "ecdsa_secp256r1_sha256".
};

/// What a handshake brings to light about one server. Lives as long as its SSL and does not move.
struct server_facts {
  std::string host;                          ///< Whom we mean to reach: a DNS name or an IP address.
  std::vector<x509::certificate> sent;       ///< What the server presented, in its order, the leaf first.
  std::optional<verdict> judged;             ///< Empty until the server has presented something.
  std::optional<certificate_request> asked;  ///< Empty if the server did not ask who we are.
  bool presented = false;                    ///< We have sent a certificate.
  std::optional<int> alert_received;         ///< The fatal alert that the server has sent.
  std::optional<int> alert_sent;             ///< The fatal alert that we have sent.
  unsigned tickets = 0;                      ///< Session tickets received; under TLS 1.3 the server's first word after
                                             ///< it has accepted us.
};

/// What a client proves itself with, and whom it believes; immutable, and safe to use from any thread.
class client_context {
 public:
  /// An error if OpenSSL does not accept the certificate or its key.
  static result<std::shared_ptr<const client_context>> make(client_settings settings);

  /// A new connection's SSL, which will connect and write what it learns into `facts`. Set `facts.host` before: it is
  /// what the server's certificate must be for, and, if it is a name, what the server is asked for (SNI). `facts` and
  /// this context outlive the SSL. Null if memory ran out.
  ssl_ptr connect(server_facts& facts) const;

  /// Who is at the other end of a handshake that has succeeded; null if any server is accepted and this one was judged
  /// bad. An error means that what is known does not add up, and the connection must be closed.
  result<std::shared_ptr<const peer>> who_is_at(SSL* ssl, const server_facts& facts) const;

  const client_settings& settings() const { return settings_; }

 private:
  explicit client_context(client_settings settings) : settings_(std::move(settings)) {}

  struct callbacks;
  friend struct callbacks;
  result<> prepare();

  client_settings settings_;
  ssl_ctx_ptr context_;
};

}  // namespace mutual::tls
