#pragma once
// What the load generator is asked to do.

#include <mutual/result.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace mutual::bench {

enum class load_mode {
  full,       ///< A new connection, a full handshake, GET, close.
  resumed,    ///< The same, but the session of the visit before is resumed.
  keepalive,  ///< GET again and again on connections that stay.
  idle,       ///< Connections that had one GET and stay.
  paced,      ///< As keepalive, but so many a second, and the time that each takes is told.
  arrivals,   ///< As paced, but each on a connection of its own, with a full handshake.
};

struct load_options {
  load_mode mode = load_mode::full;
  unsigned short port = 0;  ///< On 127.0.0.1.
  std::string host = "localhost";
  std::string certificate;  ///< PEM: the client's, then its intermediates.
  std::string key;          ///< PEM.
  std::string trust;        ///< PEM: whom the client trusts; the server is really verified.
  /// PEM: the key of whoever has signed the client's certificate. If it is given, each visit is made with a certificate
  /// of its own, which the server has never seen.
  std::string issuer_key;
  int tls = 3;  ///< 2 or 3, for TLS 1.2 or 1.3: spoken exactly.
  std::size_t count = 1000;
  std::chrono::duration<double> limit{60};
  std::size_t connections = 8;  ///< At once; `idle` opens `count` and ignores this.
  std::string path = "/";
  std::size_t rate = 1000;  ///< Requests a second, for `paced` and `arrivals`.
};

/// Reads `--mode full --port 5000 …`; an error says which word is wrong.
result<load_options> read_options(int count, char** words);

}  // namespace mutual::bench
