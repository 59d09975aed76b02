#pragma once
// Asking OCSP responders for a server.

#include "base/log.hpp"
#include "client/ocsp_messenger.hpp"
#include "tls/ocsp_book.hpp"

#include <mutual/result.hpp>
#include <mutual/tls.hpp>

#include <memory>

namespace mutual {

/// What a server asks by. To be destroyed before the server, which is answered to the last.
struct asked_responders {
  std::shared_ptr<tls::ocsp_book> book;
  std::shared_ptr<client::ocsp_messenger> carries;

  asked_responders() = default;
  ~asked_responders() {
    if (carries) carries->stop();
  }
  asked_responders(const asked_responders&) = delete;
  asked_responders& operator=(const asked_responders&) = delete;
};

/// Null if the settings ask nobody; an error (bad_usage) if what they say makes no sense. Nobody is asked yet.
result<std::unique_ptr<asked_responders>> ask_ocsp(const tls::config& settings, const logger& log);

}  // namespace mutual
