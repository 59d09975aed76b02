#pragma once
// From files to what connections are made with.

#include "client/options.hpp"

#include <mutual/result.hpp>
#include <mutual/tls.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace mutual::client {

/// The files that a client is made from, and how strict it is to be.
struct files {
  std::filesystem::path certificate;         ///< Ours, then its intermediates: PEM, DER or PKCS#12; empty for none.
  std::filesystem::path key;                 ///< Its private key; empty if the certificate's file holds it.
  std::string password;                      ///< What opens them. Never logged.
  std::vector<std::filesystem::path> trust;  ///< Whom to believe; empty for the system's CA certificates.
  std::vector<std::filesystem::path> revocations;  ///< With at least one, every CA of a server's chain needs one.
  bool accept_any_server = false;
  tls::version at_least = tls::version::v1_2;
  tls::version at_most = tls::version::v1_3;
};

/// Reads everything that is named. An error says which file is wrong and how.
result<options> load(const files& named);

}  // namespace mutual::client
