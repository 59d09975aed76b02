#pragma once
// What the live tests of the client share.

#include "client/blocking.hpp"
#include "client/cert_of.hpp"
#include "client/connection.hpp"
#include "client/fetch.hpp"
#include "client/one_server.hpp"
#include "x509/identity.hpp"

#include <utility>

namespace mutual::test {

/// The client's own identity out of a test's.
inline x509::identity presentable(const identity& one, const std::vector<identity>& above = {}) {
  EVP_PKEY_up_ref(one.private_key());
  x509::identity out{x509::private_key(x509::pkey_ptr(one.private_key())), {cert_of(one)}};
  for (const auto& each : above) out.chain.push_back(cert_of(each));
  return out;
}

inline std::shared_ptr<const tls::trust> believing(const std::vector<identity>& all) {
  tls::trust_sources sources;
  for (const auto& one : all) sources.trusted.push_back(cert_of(one));
  return tls::trust::make(std::move(sources), 1).value();
}

/// Options for a client of those settings, impatient enough for tests.
inline client::options with(tls::client_settings settings) {
  client::options how;
  how.tls = tls::client_context::make(std::move(settings)).value();
  how.judged_by = "the test's trust";
  how.timeouts.handshake = std::chrono::seconds(5);
  return how;
}

inline client::options trusting_only(const std::vector<identity>& all) {
  tls::client_settings settings;
  settings.servers = believing(all);
  return with(std::move(settings));
}

inline client::options presenting(const std::vector<identity>& trusted, x509::identity own) {
  tls::client_settings settings;
  settings.servers = believing(trusted);
  settings.own = std::move(own);
  return with(std::move(settings));
}

inline client::url to_url(const std::string& text) { return client::parse_url(text).value(); }

inline client::exchange get(const std::string& url, client::options how, request what = {}) {
  net::loop loop;
  return client::run_to_end(loop, client::fetch(loop, to_url(url), std::move(how), std::move(what)));
}

inline constexpr std::string_view hello = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";

}  // namespace mutual::test
