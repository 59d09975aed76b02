#pragma once
// An authority for tests, and questions to its OCSP desk.

#include "authority/init.hpp"
#include "authority/pki.hpp"
#include "ca_service/change_feed.hpp"
#include "ca_service/desk.hpp"
#include "ca_service/keeper.hpp"
#include "ca_service/list_shelf.hpp"
#include "ca_service/ocsp_desk.hpp"
#include "ca_service/patient_complaint.hpp"
#include "support/outcome.hpp"
#include "x509/bundle.hpp"
#include "x509/ocsp.hpp"
#include "x509/scratch.hpp"

#include <mutual/app.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ocsp.h>

namespace mutual::ca_service {

using test::good;

class an_authority : public ::testing::Test {
 protected:
  an_authority() {
    authority::init_request request;
    request.folder = folder / "pki";
    request.organization = "Acme";
    request.clients = {"alice"};
    good(authority::init(request));
    open = good(desk::open(folder / "pki", {}));
  }
  authority::pki opened() const { return good(authority::pki::open(folder / "pki")); }
  x509::certificate certificate(const std::string& name) const {
    return good(x509::load_certificates(places.certificate(name))).front();
  }
  x509::certificate intermediate() const {
    return good(x509::load_certificates(places.intermediate_certificate())).front();
  }
  x509::certificate root() const { return good(x509::load_certificates(places.root_certificate())).front(); }
  void revoke(const std::string& name, authority::revocation_reason why) { good(opened().revoke(name, why, {})); }

  scratch folder;
  authority::layout places{folder / "pki"};
  std::unique_ptr<desk> open;
};

/// An authority with all that keeps it and answers for it; the routes are the test's.
class a_kept_authority : public an_authority {
 protected:
  counters counts;
  patient_complaint complaint{logger()};
  list_shelf lists{places};
  ocsp_desk answers{*open, counts, complaint};
  change_feed feed{places};
  keeper keeps{*open, answers, feed, counts, logger()};
  app service;
};

/// The DER of a request about certificates of that issuer.
inline std::string ocsp_request(const std::vector<x509::certificate>& about, const x509::certificate& issuer,
                                bool with_nonce = false, const EVP_MD* digest = EVP_sha1()) {
  std::unique_ptr<OCSP_REQUEST, x509::freed_by<OCSP_REQUEST_free>> made(OCSP_REQUEST_new());
  for (const auto& one : about) {
    OCSP_request_add0_id(made.get(), OCSP_cert_to_id(digest, one.get(), issuer.get()));
  }
  if (with_nonce) OCSP_request_add1_nonce(made.get(), nullptr, 16);
  return x509::der_of(made.get(), i2d_OCSP_REQUEST);
}

/// What an answer says of a certificate: "good", "revoked 1", "unknown"; or why there is none. An answer whose
/// signature or nonce is wrong, or that says nothing of the certificate, is told too.
inline std::string told(const std::string& der, const x509::certificate& about, const x509::certificate& issuer,
                        const x509::certificate& root, const std::string& request = {}) {
  using namespace x509;
  const auto whole =
      from_whole_der<std::unique_ptr<OCSP_RESPONSE, freed_by<OCSP_RESPONSE_free>>>(der, d2i_OCSP_RESPONSE);
  if (!whole) return "no OCSP";
  if (const int status = OCSP_response_status(whole.get()); status != 0) return OCSP_response_status_str(status);
  const std::unique_ptr<OCSP_BASICRESP, freed_by<OCSP_BASICRESP_free>> basic(OCSP_response_get1_basic(whole.get()));
  const x509_store_ptr store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), root.get());
  const x509_stack_ptr chain(sk_X509_new_null());
  X509_up_ref(issuer.get());
  sk_X509_push(chain.get(), issuer.get());
  if (OCSP_basic_verify(basic.get(), chain.get(), store.get(), 0) != 1) return "not signed: " + openssl_errors();
  if (!request.empty()) {
    const auto asked =
        from_whole_der<std::unique_ptr<OCSP_REQUEST, freed_by<OCSP_REQUEST_free>>>(request, d2i_OCSP_REQUEST);
    if (OCSP_check_nonce(asked.get(), basic.get()) != 1) return "another nonce";
  }
  const std::unique_ptr<OCSP_CERTID, freed_by<OCSP_CERTID_free>> id(
      OCSP_cert_to_id(EVP_sha1(), about.get(), issuer.get()));
  int status = 0, reason = 0;
  ASN1_GENERALIZEDTIME *from = nullptr, *until = nullptr;
  if (OCSP_resp_find_status(basic.get(), id.get(), &status, &reason, nullptr, &from, &until) != 1) return "not a word";
  if (OCSP_check_validity(from, until, 60, -1) != 1 || until == nullptr) return "out of its time";
  std::string out = OCSP_cert_status_str(status);
  if (status == V_OCSP_CERTSTATUS_REVOKED) out += " " + std::to_string(reason);
  return out;
}

}  // namespace mutual::ca_service
