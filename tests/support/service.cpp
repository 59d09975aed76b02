#include "support/service.hpp"

#include <stdexcept>
#include <utility>

namespace mutual::test {

server_files::server_files(pki of) : pki_(std::move(of)) {
  folder_.write("server.crt", pem_chain({pki_.server, pki_.intermediate}));
  folder_.write("server.key", pki_.server.key_pem());
  folder_.write("trust.crt", pki_.root.pem());
  write_revocations({});
}

tls::config server_files::config(tls::client_auth clients, bool revocations) const {
  tls::config made = tls::from_files(folder_ / "server.crt", folder_ / "server.key", {folder_ / "trust.crt"});
  made.clients = clients;
  if (revocations) made.revocations = {folder_ / "root.crl", folder_ / "intermediate.crl"};
  return made;
}

void server_files::write_revocations(const std::vector<identity>& revoked) const {
  ++lists_;
  folder_.write("root.crl", pem(make_crl(pki_.root, {.number = lists_}).get()));
  folder_.write("intermediate.crl", pem(make_crl(pki_.intermediate, {.revoked = revoked, .number = lists_}).get()));
}

task<response> say_who(request& asked, http::answer_notes&) {
  const auto who = asked.who();
  const std::string name = who ? who->name() : "nobody";
  const std::string fingerprint = who ? who->sha256() : "-";
  co_return response(200, name + " " + fingerprint + (asked.connection->resumed ? " resumed" : " full"));
}

http::server_options options_for(const captured_log& log, tls::config tls) {
  http::server_options options;
  options.listen = {"127.0.0.1:0"};
  options.threads = 1;
  options.tls = std::move(tls);
  options.answer = say_who;
  options.log = log.to();
  options.watch_files = std::chrono::milliseconds(0);
  return options;
}

service::service(tls::config tls, const captured_log& log) : service(options_for(log, std::move(tls))) {}

service::service(http::server_options options) {
  auto started = http::server::start(std::move(options));
  if (!started) throw std::runtime_error("the server under test: " + started.error().message());
  server_ = *std::move(started);
}

}  // namespace mutual::test
