#pragma once
// known_certificates: what certificates say, once they were read.

#include "base/recent_map.hpp"
#include "x509/openssl.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace mutual::tls {

/// Certificates as the OpenSSL that the program shares reads them, with their keys, by the SHA-256 of their bytes: the
/// same bytes say the same whenever they are read, so this outlives any trust and bears on no verdict. Bounded; what
/// was not asked for longest goes first, and what has ended before that. Give it only what was judged good: strangers
/// must not push out whom we know. Safe from any thread.
///
/// Why: up to OpenSSL 3.1, reading a public key costs a quarter of a handshake.
class known_certificates {
 public:
  /// Each takes some 10 KB, and somewhat more with each thread that has used its key.
  explicit known_certificates(std::size_t capacity) : all_(capacity) {}

  /// Null if it is not known.
  x509::x509_ptr find(std::string_view sha256);

  /// Keeps a reference, unless it has ended.
  void keep(std::string_view sha256, X509* one);

  std::size_t size() const { return all_.size(); }

 private:
  recent_map<std::shared_ptr<X509>> all_;
};

}  // namespace mutual::tls
