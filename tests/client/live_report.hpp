#pragma once
// A report as a good handshake leaves it, at a time that does not change: for texts that are compared as a whole.

#include "client/cert_of.hpp"
#include "client/handshake_report.hpp"
#include "support/pki.hpp"
#include "tls/trust.hpp"

#include <chrono>

namespace mutual::test {

/// 2026-11-23 12:00:00 UTC.
inline sys_seconds moment() {
  return std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);
}

inline spec fixed(spec contents) {
  contents.at = moment();
  return contents;
}

inline pki fixed_pki() {
  const auto root = self_signed(fixed(root_spec()));
  const auto intermediate = issue(root, fixed(intermediate_spec()));
  auto alice = fixed(client_spec());
  alice.alternative_names = "URI:spiffe://acme/alice";
  return {root, intermediate, issue(intermediate, alice), issue(intermediate, fixed(server_spec()))};
}

inline client::handshake_report good_report() {
  const auto keys = fixed_pki();
  client::handshake_report report;
  report.host = "localhost";
  report.port = 5000;
  report.address = "127.0.0.1:5000";
  report.at = moment();
  report.finished = true;
  report.version = "TLSv1.3";
  report.cipher = "TLS_AES_256_GCM_SHA384";
  report.cipher_bits = 256;
  report.aead = true;
  report.group = "x25519";
  report.forward_secret = true;
  report.protocol = "http/1.1";
  report.server_signature = "ECDSA with SHA256";
  report.server_chain = {cert_of(keys.server), cert_of(keys.intermediate)};
  report.judged_by = "pki/trust.crt";
  report.own_chain = {cert_of(keys.client), cert_of(keys.intermediate)};
  report.asked.emplace();
  report.asked->issuers = {"CN=Acme Root,O=Acme"};
  report.asked->issuer_count = 1;
  report.asked->names_our_issuer = true;
  report.presented = true;
  tls::trust_sources sources;
  sources.trusted = {cert_of(keys.root), cert_of(keys.intermediate)};
  tls::judge_options options;
  options.use = tls::purpose::server;
  options.at = moment();
  options.host = "localhost";
  const auto trusted = tls::trust::make(std::move(sources), 1).value();
  report.server_verdict = tls::judge(*trusted, keys.server.certificate(), nullptr, options);
  return report;
}

}  // namespace mutual::test
