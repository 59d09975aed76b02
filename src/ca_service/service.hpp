#pragma once
// service: an authority that others reach over the network.

#include <mutual/result.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mutual::ca_service {

/// What to serve, and where.
struct options {
  std::filesystem::path pki;
  std::string store;                      ///< As authority::pki::open takes it.
  std::string name;                       ///< Which of the PKI's server certificates, if it has several.
  std::string listen = "localhost:8443";  ///< Mutual TLS.
  std::string plain_listen;               ///< Plain HTTP, for what is signed and open to all; empty for none.
  std::optional<std::chrono::seconds> renew_expired_for;  ///< See est_desk; nothing for never.
  std::vector<std::string> metrics_for;  ///< Common names, as policy::cn has them; empty for whoever has one.
  bool access_log = true;
  unsigned threads = 0;  ///< For connections; 0 is one a core.
};

/// Serves until SIGINT or SIGTERM. An error if it cannot start; then nothing was served.
result<> run(const options& how);

}  // namespace mutual::ca_service
