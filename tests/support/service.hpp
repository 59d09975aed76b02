#pragma once
// A server under test: in this process, on a port of its own, with files of its own.

#include "http/server.hpp"
#include "http/server_options.hpp"
#include "support/captured_log.hpp"
#include "support/pki.hpp"
#include "support/tls_client.hpp"
#include "x509/scratch.hpp"

#include <memory>
#include <string>
#include <vector>

namespace mutual::test {

/// The files that a server is configured with, in a folder that goes with this.
class server_files {
 public:
  explicit server_files(pki of);

  const pki& people() const { return pki_; }
  const scratch& folder() const { return folder_; }

  /// server.crt, server.key, trust.crt (the root) and, if `revocations`, root.crl and intermediate.crl.
  tls::config config(tls::client_auth clients, bool revocations = false) const;

  /// The lists of both CAs, each time with the next number.
  void write_revocations(const std::vector<identity>& revoked) const;

 private:
  pki pki_;
  scratch folder_;
  mutable std::uint64_t lists_ = 0;
};

/// "NAME SHA256 full|resumed", NAME being "nobody" for whoever has proved nothing.
task<response> say_who(request& asked, http::answer_notes& notes);

/// The options of a server under test: one thread, say_who, files not watched, the log captured.
http::server_options options_for(const captured_log& log, tls::config tls = {});

/// A running server; stopped when it goes.
class service {
 public:
  /// Throws if it cannot be started.
  service(tls::config tls, const captured_log& log);
  explicit service(http::server_options options);

  http::server& operator*() const { return *server_; }
  http::server* operator->() const { return server_.get(); }
  unsigned short port() const { return server_->endpoints().front().port(); }

 private:
  std::unique_ptr<http::server> server_;
};

}  // namespace mutual::test
