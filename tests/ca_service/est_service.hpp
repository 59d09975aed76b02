#pragma once
// The EST service over an authority of a test's own, and what its tests share.

#include "authority/enroll.hpp"
#include "base/base64.hpp"
#include "ca_service/authority.hpp"
#include "ca_service/est_desk.hpp"
#include "x509/peer.hpp"

#include <mutual/test_client.hpp>

#include <openssl/pkcs7.h>

#include <array>

namespace mutual::ca_service {

using x509::profile;

// The certificates in the PKCS#7 of a body.
inline std::vector<x509::certificate> certificates_in(std::string_view base64_text) {
  const auto der = base64::decode_lines(base64_text);
  if (!der) return {};
  using pkcs7_ptr = std::unique_ptr<PKCS7, x509::freed_by<PKCS7_free>>;
  const auto read = x509::from_whole_der<pkcs7_ptr>(*der, d2i_PKCS7);
  std::vector<x509::certificate> out;
  for (int at = 0; read && at < sk_X509_num(read->d.sign->cert); ++at) {
    out.push_back(x509::certificate::shared(sk_X509_value(read->d.sign->cert, at)));
  }
  return out;
}

class an_est_service : public an_authority {
 protected:
  an_est_service() { add_est_routes(service, est); }

  std::string token(const std::string& name, profile purpose = profile::client, const alternative_names& names = {},
                    std::chrono::seconds life = authority::default_token_life) {
    auto opened_now = opened();
    authority::token_request request;
    request.name = name;
    request.purpose = purpose;
    request.names = names;
    request.life = life;
    return std::string(good(authority::make_token(opened_now, request)).text.view());
  }
  static std::string body_for(const x509::private_key& key, const x509::distinguished_name& subject,
                              const alternative_names& names = {}) {
    return base64::encode_lines(good(x509::request::make(key, subject, names)).der());
  }
  test_response send(const std::string& operation, const std::string& body, const std::string& token = {},
                     const std::string& type = "application/pkcs10") {
    request asked;
    asked.method = "POST";
    asked.target = "/.well-known/est/" + operation;
    asked.body = body;
    asked.headers.set("Content-Type", type);
    if (!token.empty()) asked.headers.set("Authorization", "Bearer " + token);
    return client().send(std::move(asked));
  }
  test_client& client() {
    if (!client_) client_.emplace(service);
    return *client_;
  }
  void as(const x509::certificate& one) {
    const auto between = intermediate(), top = root();
    const std::array<X509*, 3> chain{one.get(), between.get(), top.get()};
    client().as(*good(x509::make_peer(chain)));
  }
  std::size_t count() { return good(opened().list()).size(); }

  x509::private_key key = good(x509::private_key::generate());
  counters counts;
  est_desk est{*open, counts, logger(), std::nullopt};
  app service;
  std::optional<test_client> client_;
};

}  // namespace mutual::ca_service
