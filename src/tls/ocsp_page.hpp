#pragma once
// ocsp_book::page: what is known of one certificate.

#include "tls/ocsp_book.hpp"
#include "x509/ocsp.hpp"

#include <limits>

namespace mutual::tls {

class ocsp_book::page {
 public:
  page(std::string made_key, std::string made_about, std::string made_issuer)
      : key(std::move(made_key)), about(std::move(made_about)), issuer(std::move(made_issuer)) {}

  const std::string key;
  const std::string about, issuer;  // DER: read anew for each question, since certificates that are read are large
  std::string responder;            // empty if none is named
  std::string name, serial;         // for sentences

  // Takes no lock.
  bool is_good(sys_seconds at) const {
    return at.time_since_epoch().count() < good_until.load(std::memory_order_acquire);
  }
  // Seconds since 1970.
  std::atomic<std::int64_t> good_until{std::numeric_limits<std::int64_t>::min()};

  // Since somebody has asked whether it was.
  std::atomic<bool> was_revoked{false};

  // Guarded by the book.
  struct word {
    x509::ocsp_fact::status is;
    sys_seconds revoked_at, this_update, until;
  };
  std::optional<word> said;
  sys_seconds ask_again{};  // while it is in use
  sys_seconds try_again{};  // after a failure
  std::string failure;      // why the last question was for nothing
  bool asking = false;
  std::vector<std::function<void()>> waiting;
};

}  // namespace mutual::tls
