#pragma once
// run_options: where and how an app is served.

#include <mutual/tls.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace mutual {

/// What one client may take up, and for how long; on by default.
struct serve_limits {
  std::chrono::milliseconds handshake{5'000};  ///< From the connection to the end of the TLS handshake.
  std::chrono::milliseconds header{10'000};    ///< From a request's first byte to the end of its fields.
  std::chrono::milliseconds body{30'000};   ///< For a request's body, and a second more for each 16 KiB that have come.
  std::chrono::milliseconds write{30'000};  ///< For a client that does not read; more as it takes.
  std::chrono::milliseconds idle{60'000};   ///< Between requests of one connection.
  std::chrono::milliseconds shutdown{10'000};  ///< For what still runs at the end; then it is cut.
  std::size_t header_bytes = 16 * 1024;
  std::size_t header_fields = 100;
  std::size_t body_bytes = 1024 * 1024;  ///< Where no route or group says otherwise.
  std::size_t connections = 10'000;      ///< Open at once, in all.
};

/// How an app is served.
///
///     app.run({.listen = "127.0.0.1:5000", .tls = mutual::tls::from_pki("pki")});
struct run_options {
  std::string listen = "127.0.0.1:5000";   ///< "address:port", "[::1]:5000", "localhost:5000"; port 0 takes a free one.
  mutual::tls::config tls{};               ///< Plain HTTP if nothing in it is set.
  unsigned threads = 0;                    ///< For connections; 0 is one a core.
  bool access_log = true;                  ///< A line on standard output for each request.
  bool banner = true;                      ///< What is served, and how, on standard error at the start.
  std::vector<std::string> also_listen{};  ///< Further addresses, written as `listen`.
  /// Called once, when connections are taken, with the addresses listened on ("127.0.0.1:5000"), their ports chosen.
  std::function<void(const std::vector<std::string>& addresses)> on_ready{};
  std::string name{};  ///< What the banner calls the service; the program's name if left out.
  /// Where the service's numbers are served for Prometheus, at /metrics over plain HTTP: "address:port", or a port of
  /// this machine alone ("9100"). Whoever can connect there may read them. Empty for nowhere.
  std::string metrics{};
  serve_limits limits{};
  bool http2 = true;  ///< Offer HTTP/2 beside HTTP/1.1 under TLS; the client chooses. Plain HTTP is HTTP/1.1 always.
};

}  // namespace mutual
