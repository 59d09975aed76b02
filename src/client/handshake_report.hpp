#pragma once
// handshake_report: everything that a handshake has brought to light, as a value.

#include "base/clock.hpp"
#include "client/diagnosis.hpp"
#include "tls/client_context.hpp"
#include "tls/verdict.hpp"
#include "x509/certificate.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mutual::client {

/// What became of connecting to a server; complete as far as the handshake got. Texts from the server are as they came:
/// make them printable before they meet a terminal.
struct handshake_report {
  std::string host;  ///< Whom we meant to reach.
  unsigned short port = 0;
  std::string address;     ///< Where we got to: "127.0.0.1:5000"; empty if nowhere.
  bool secure = true;      ///< TLS, not plain HTTP.
  sys_seconds at = now();  ///< When; by this machine's clock.
  bool finished = false;   ///< For us, the handshake was complete.

  // What was negotiated; empty if it did not come to that.
  std::string version;  ///< "TLSv1.3"
  std::string cipher;   ///< "TLS_AES_256_GCM_SHA384"
  int cipher_bits = 0;
  bool aead = false;            ///< The cipher proves that nothing was changed, besides hiding it.
  std::string group;            ///< Of the key exchange: "x25519".
  bool forward_secret = false;  ///< The key exchange was ephemeral.
  std::string protocol;         ///< ALPN: "http/1.1"; empty if the server did not choose.
  bool resumed = false;

  // Who proved what.
  std::vector<x509::certificate> server_chain;  ///< As sent, the leaf first.
  std::optional<tls::verdict> server_verdict;   ///< Empty if the server presented nothing.
  std::string judged_by;                        ///< Whose trust: "pki/trust.crt", "the CA certificates of this system".
  bool any_server_accepted = false;             ///< The verdict was told and not acted upon.
  std::string server_signature;                 ///< How it proved its key: "ECDSA with SHA256".
  std::optional<tls::certificate_request> asked;
  std::vector<x509::certificate> own_chain;  ///< What we have to present; empty if nothing.
  bool presented = false;                    ///< And did present.

  // How it ended, if not well.
  std::optional<diagnosis> refusal;
};

}  // namespace mutual::client
