// OCSP: what is asked, what is answered, and what is refused.

#include "authority/store.hpp"
#include "authority/taken_over.hpp"
#include "base/base64.hpp"
#include "base/file.hpp"
#include "ca_service/authority.hpp"
#include "ca_service/change_feed.hpp"
#include "ca_service/plain_routes.hpp"
#include "x509/peer.hpp"
#include "x509/profile.hpp"

#include <mutual/test_client.hpp>

#include <sys/stat.h>
#include <thread>

namespace mutual::ca_service {
namespace {

using ::testing::HasSubstr;

class an_ocsp_service : public a_kept_authority {
 protected:
  an_ocsp_service() {
    good(keeps.prepare());
    add_plain_routes(service, lists, answers);
  }
  std::string ask(const std::string& request) {
    auto answer = client().post("/ocsp", request, "application/ocsp-request");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("Content-Type"), "application/ocsp-response");
    return answer.body;
  }
  std::string about(const x509::certificate& one, const x509::certificate& issuer) {
    return told(ask(ocsp_request({one}, issuer)), one, issuer, root());
  }
  mutual::test_client& client() {
    if (!client_) client_.emplace(service);
    return *client_;
  }

  std::optional<mutual::test_client> client_;
};

TEST_F(an_ocsp_service, tells_the_good_from_the_revoked_at_once_and_says_why) {
  const auto alice = certificate("alice");
  EXPECT_EQ(about(alice, intermediate()), "good");
  revoke("alice", authority::revocation_reason::key_compromise);
  EXPECT_EQ(about(alice, intermediate()), "revoked 1");
  EXPECT_EQ(counts.ocsp_good, 1U);
  EXPECT_EQ(counts.ocsp_revoked, 1U);
}

TEST_F(an_ocsp_service, gives_a_hold_and_its_release_as_they_come) {
  const auto alice = certificate("alice");
  revoke("alice", authority::revocation_reason::certificate_hold);
  EXPECT_EQ(about(alice, intermediate()), "revoked 6");
  good(opened().revoke("alice", std::nullopt, {}));
  EXPECT_EQ(about(alice, intermediate()), "good");
}

TEST_F(an_ocsp_service, answers_for_the_intermediate_too_by_a_responder_of_the_root) {
  EXPECT_EQ(about(intermediate(), root()), "good");
}

TEST_F(an_ocsp_service, gives_the_nonce_back) {
  const auto alice = certificate("alice");
  const auto request = ocsp_request({alice}, intermediate(), true);
  EXPECT_EQ(told(ask(request), alice, intermediate(), root(), request), "good");
  EXPECT_NE(ask(request), ask(request));
}

TEST_F(an_ocsp_service, knows_ids_by_sha_1_and_sha_2) {
  const auto alice = certificate("alice");
  for (const auto* digest : {EVP_sha256(), EVP_sha384(), EVP_sha512()}) {
    const auto der = ask(ocsp_request({alice}, intermediate(), false, digest));
    EXPECT_EQ(told(der, alice, intermediate(), root()), "not a word") << "it answers in the asker's own words";
    EXPECT_GT(der.size(), 100U);
  }
  EXPECT_EQ(told(ask(ocsp_request({alice}, intermediate(), false, EVP_md5())), alice, intermediate(), root()),
            "unauthorized");
}

TEST_F(an_ocsp_service, answers_for_many_certificates_at_once_but_not_for_too_many) {
  const auto alice = certificate("alice"), server = certificate("localhost");
  const auto both = ask(ocsp_request({alice, server}, intermediate()));
  EXPECT_EQ(told(both, alice, intermediate(), root()), "good");
  EXPECT_EQ(told(both, server, intermediate(), root()), "good");
  const std::vector<x509::certificate> many(33, alice);
  EXPECT_EQ(told(ask(ocsp_request(many, intermediate())), alice, intermediate(), root()), "malformedrequest");
}

TEST_F(an_ocsp_service, does_not_speak_for_other_issuers_nor_for_several_in_one_answer) {
  const auto alice = certificate("alice");
  EXPECT_EQ(told(ask(ocsp_request({alice}, alice)), alice, intermediate(), root()), "unauthorized");
  std::unique_ptr<OCSP_REQUEST, x509::freed_by<OCSP_REQUEST_free>> mixed(OCSP_REQUEST_new());
  OCSP_request_add0_id(mixed.get(), OCSP_cert_to_id(EVP_sha1(), alice.get(), intermediate().get()));
  OCSP_request_add0_id(mixed.get(), OCSP_cert_to_id(EVP_sha1(), intermediate().get(), root().get()));
  const auto der = x509::der_of(mixed.get(), i2d_OCSP_REQUEST);
  EXPECT_EQ(told(ask(der), alice, intermediate(), root()), "unauthorized");
  EXPECT_EQ(counts.refused(x509::ocsp_refusal::unauthorized), 2U);
}

TEST_F(an_ocsp_service, calls_a_serial_number_unknown_that_was_never_given) {
  x509::certificate_spec spec;
  spec.subject = {"mallory", {}, {}};
  spec.not_before = now() - std::chrono::hours(1);
  spec.not_after = now() + std::chrono::hours(1);
  const auto key = good(x509::private_key::generate());
  const auto never = good(x509::make_certificate(spec, key.get(), intermediate(), key));
  EXPECT_EQ(about(never, intermediate()), "unknown");
}

// As `recover` and `import --crl` leave it: of whom only a revocation list was left, the serial number alone is known.
TEST_F(an_ocsp_service, calls_revoked_whom_a_list_revokes_of_whom_only_the_serial_number_is_known) {
  x509::certificate_spec spec;
  spec.subject = {"eve", {}, {}};
  spec.not_before = now() - std::chrono::hours(1);
  spec.not_after = now() + std::chrono::hours(1);
  const auto key = good(x509::private_key::generate());
  const auto eve = good(x509::make_certificate(spec, key.get(), intermediate(), key));
  const auto other = good(x509::make_certificate(spec, key.get(), intermediate(), key));
  x509::crl_spec said;
  said.number = 255;
  said.this_update = now();
  said.next_update = now() + std::chrono::hours(1);
  said.revoked.push_back({eve.serial(), now(), 1});
  const auto issuer = good(authority::load_issuer(places));
  auto at = opened();
  authority::taken_over taken;
  good(authority::take_over(good(x509::make_crl(said, issuer.leaf(), issuer.key)), at.records(), "put back", taken));
  ASSERT_EQ(taken.unknown, std::vector<std::string>{eve.serial()});
  EXPECT_EQ(about(eve, intermediate()), "revoked 1");
  EXPECT_EQ(about(other, intermediate()), "unknown");
  EXPECT_EQ(about(eve, root()), "unauthorized") << "it is another CA's";
}

TEST_F(an_ocsp_service, refuses_what_is_no_request) {
  const auto request = ocsp_request({certificate("alice")}, intermediate());
  const auto whole = certificate("alice");
  for (const auto& wrong : {std::string(), std::string("x"), request.substr(0, request.size() - 1), request + "x",
                            std::string(20'000, '0'), whole.der()}) {
    EXPECT_EQ(told(ask(wrong), whole, intermediate(), root()), "malformedrequest");
  }
  for (std::size_t cut = 0; cut < request.size(); ++cut) {
    EXPECT_EQ(told(ask(request.substr(0, cut)), whole, intermediate(), root()), "malformedrequest");
  }
  EXPECT_EQ(client().post("/ocsp", request, "text/plain").status, 415);
  EXPECT_EQ(client().post("/ocsp", std::string(70'000, 'x'), "application/ocsp-request").status, 413);
}

TEST_F(an_ocsp_service, refuses_a_nonce_that_is_none) {
  std::unique_ptr<OCSP_REQUEST, x509::freed_by<OCSP_REQUEST_free>> made(OCSP_REQUEST_new());
  OCSP_request_add0_id(made.get(), OCSP_cert_to_id(EVP_sha1(), certificate("alice").get(), intermediate().get()));
  std::vector<unsigned char> nonce(129, 1);
  OCSP_request_add1_nonce(made.get(), nonce.data(), 129);
  const auto der = x509::der_of(made.get(), i2d_OCSP_REQUEST);
  EXPECT_EQ(told(ask(der), certificate("alice"), intermediate(), root()), "malformedrequest");
}

TEST_F(an_ocsp_service, answers_a_get_that_caches_may_keep) {
  const auto alice = certificate("alice");
  const auto coded = base64::encode(ocsp_request({alice}, intermediate()));
  auto escaped = coded;
  for (const auto& [plain, hex] : {std::pair{"+", "%2B"}, {"/", "%2F"}, {"=", "%3D"}}) {
    for (auto at = escaped.find(plain); at != std::string::npos; at = escaped.find(plain)) escaped.replace(at, 1, hex);
  }
  for (const auto& path : {coded, escaped}) {
    const auto answer = client().get("/ocsp/" + path);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(told(answer.body, alice, intermediate(), root()), "good");
    EXPECT_THAT(std::string(answer.header("Cache-Control").value_or("")), HasSubstr("max-age="));
    EXPECT_TRUE(answer.header("Expires") && answer.header("Last-Modified"));
    fields known;
    known.set("If-None-Match", answer.header("ETag").value_or(""));
    EXPECT_EQ(client().get("/ocsp/" + path, known).status, 304);
    EXPECT_EQ(client().get("/ocsp/" + path).body, answer.body);
  }
  revoke("alice", authority::revocation_reason::superseded);
  EXPECT_EQ(told(client().get("/ocsp/" + escaped).body, alice, intermediate(), root()), "revoked 4");
  const auto with_nonce = base64::encode(ocsp_request({alice}, intermediate(), true));
  EXPECT_EQ(client().get("/ocsp/" + with_nonce).header("Cache-Control"), "no-store");
  for (const auto* wrong : {"/ocsp/x", "/ocsp/AAAA", "/ocsp/MDAwMA=="}) {
    const auto answer = client().get(wrong);
    EXPECT_EQ(told(answer.body, alice, intermediate(), root()), "malformedrequest") << wrong;
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  }
}

TEST_F(an_ocsp_service, has_responders_that_nobody_else_can_read_and_that_may_do_nothing_else) {
  const auto file = places.responder(intermediate().serial());
  struct stat facts {};
  ASSERT_EQ(::stat(file.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(places.responders().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0700U);
  const auto signs = good(x509::load_identity(file)).leaf();
  EXPECT_EQ(signs.extended_key_usages(), std::vector<std::string>{"OCSP Signing"});
  EXPECT_FALSE(signs.allows_client() || signs.allows_server() || signs.is_ca());
  EXPECT_GE(X509_get_ext_by_NID(signs.get(), NID_id_pkix_OCSP_noCheck, -1), 0);
  const auto noted = good(opened().records().find_serial(signs.serial()));
  ASSERT_TRUE(noted);
  EXPECT_EQ(noted->purpose, x509::profile::responder);
}

TEST_F(an_ocsp_service, keeps_its_responders_until_they_are_due_and_makes_them_anew_if_they_are_damaged) {
  const auto file = places.responder(intermediate().serial());
  const auto serial = [&] { return good(x509::load_identity(file)).leaf().serial(); };
  const auto before = serial();
  good(opened().ready_responders());
  EXPECT_EQ(serial(), before);
  good(file::replace(file, "damaged", file::access::owner_only));
  good(opened().ready_responders());
  EXPECT_NE(serial(), before);
  // One that was issued for something else does not sign, whoever put it there.
  const auto alice = good(file::read(places.key("alice"))) + good(file::read(places.certificate("alice")));
  good(file::replace(file, alice, file::access::owner_only));
  good(opened().ready_responders());
  EXPECT_NE(serial(), certificate("alice").serial());
}

// Nobody asks whether a responder is revoked (id-pkix-ocsp-nocheck): one that is signs nothing more.
TEST_F(an_ocsp_service, lets_a_responder_that_is_revoked_sign_nothing_more_and_has_another_if_there_can_be_one) {
  const auto soon = [](const auto& is_so) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!is_so()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  };
  const auto file = places.responder(intermediate().serial());
  const auto serial = [&] { return good(x509::load_identity(file)).leaf().serial(); };
  const auto alice = certificate("alice");
  const auto before = serial();
  keeps.start();
  good(opened().records().revoke(before, authority::revocation_reason::key_compromise, {}));
  EXPECT_TRUE(soon([&] { return serial() != before && about(alice, intermediate()) == "good"; }));
  std::filesystem::rename(places.intermediate_key(), folder / "away.key");
  good(opened().records().revoke(serial(), authority::revocation_reason::key_compromise, {}));
  EXPECT_TRUE(soon([&] { return about(alice, intermediate()) == "unauthorized"; }));
  keeps.stop();
}

TEST_F(an_ocsp_service, has_answers_that_begin_as_early_as_certificates_for_clocks_that_are_behind) {
  using namespace x509;
  const auto alice = certificate("alice");
  revoke("alice", authority::revocation_reason::superseded);
  const auto whole = from_whole_der<std::unique_ptr<OCSP_RESPONSE, freed_by<OCSP_RESPONSE_free>>>(
      ask(ocsp_request({alice}, intermediate())), d2i_OCSP_RESPONSE);
  ASSERT_TRUE(whole);
  const std::unique_ptr<OCSP_BASICRESP, freed_by<OCSP_BASICRESP_free>> basic(OCSP_response_get1_basic(whole.get()));
  ASN1_GENERALIZEDTIME *revoked = nullptr, *from = nullptr, *until = nullptr;
  int reason = 0;
  OCSP_single_get0_status(OCSP_resp_get0(basic.get(), 0), &reason, &revoked, &from, &until);
  ASSERT_TRUE(revoked != nullptr && from != nullptr && until != nullptr);
  EXPECT_LE(to_time(from), now() - backdate);
  EXPECT_GT(to_time(until), now() + std::chrono::minutes(50));
  EXPECT_LE(to_time(revoked), to_time(from)) << "an answer says what was so when it began";
}

TEST_F(an_ocsp_service, does_without_the_roots_key_as_long_as_its_responder_lives) {
  std::filesystem::rename(places.root_key(), folder / "away");
  EXPECT_EQ(good(opened().ready_responders()).size(), 2U);
  std::filesystem::remove(places.responder(root().serial()));
  EXPECT_EQ(good(opened().ready_responders()).size(), 1U);
}

TEST_F(an_ocsp_service, says_try_later_when_its_inventory_is_older_than_it_was) {
  const auto alice = certificate("alice");
  const auto before = good(file::read(places.mark()));
  auto ahead = *good(authority::read_mark(places));
  ahead.seen.act += 90;
  good(authority::write_mark(places, ahead));
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  EXPECT_EQ(about(alice, intermediate()), "trylater");
  good(file::replace(places.mark(), before, file::access::owner_only));
  EXPECT_EQ(about(alice, intermediate()), "good");
}

}  // namespace
}  // namespace mutual::ca_service
