// EST: who gets a certificate, by what, and who does not.

#include "authority/enroll.hpp"
#include "base/base64.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "ca_service/credentials.hpp"
#include "ca_service/est_desk.hpp"
#include "ca_service/est_message.hpp"
#include "ca_service/est_service.hpp"
#include "x509/certs_only.hpp"
#include "x509/peer.hpp"

#include <mutual/test_client.hpp>

#include <array>
#include <atomic>
#include <thread>

namespace mutual::ca_service {
namespace {

using ::testing::HasSubstr;

TEST_F(an_est_service, tells_everybody_whom_to_trust) {
  const auto answer = client().get("/.well-known/est/cacerts");
  EXPECT_EQ(answer.header("Content-Type"), "application/pkcs7-mime; smime-type=certs-only");
  const auto all = certificates_in(answer.body);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE((all[0] == root() && all[1] == intermediate()) || (all[1] == root() && all[0] == intermediate()));
}

TEST_F(an_est_service, gives_a_first_certificate_for_a_token_once) {
  const auto secret = token("bob", profile::client, {{}, {"spiffe://acme/ops/bob"}, {}, {}});
  const auto answer = send("simpleenroll", body_for(key, {"bob", {}, {}}), secret);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto leaf = certificates_in(answer.body).at(0);
  EXPECT_TRUE(key.belongs_to(leaf));
  EXPECT_EQ(leaf.subject(), "CN=bob,O=Acme");
  EXPECT_EQ(leaf.names().uris, std::vector<std::string>{"spiffe://acme/ops/bob"});
  EXPECT_TRUE(leaf.allows_client() && !leaf.allows_server());
  EXPECT_EQ(certificate("bob"), leaf);
  const auto other = good(x509::private_key::generate());
  const auto before = count();
  EXPECT_EQ(send("simpleenroll", body_for(other, {"bob", {}, {}}), secret).status, 401);
  EXPECT_EQ(count(), before);
  // Who has lost the answer may ask again for the same key, and gets the same certificate.
  EXPECT_EQ(certificates_in(send("simpleenroll", body_for(key, {"bob", {}, {}}), secret).body).at(0), leaf);
  EXPECT_EQ(count(), before);
  EXPECT_EQ(counts.issued_enroll, 1U) << "what is given again is no issue";
  const auto acts = good(opened().acts());
  EXPECT_THAT(acts.back().who, HasSubstr("token "));
  EXPECT_EQ(acts.back().name, "bob");
}

TEST_F(an_est_service, takes_a_token_by_basic_too) {
  const auto secret = token("bob");
  request asked;
  asked.method = "POST";
  asked.target = "/.well-known/est/simpleenroll";
  asked.body = body_for(key, {});
  asked.headers.set("Content-Type", "application/pkcs10");
  asked.headers.set("Authorization", "Basic " + base64::encode("anybody:" + secret));
  EXPECT_EQ(client().send(asked).status, 200);
}

TEST_F(an_est_service, wants_a_token_that_holds) {
  const auto secret = token("bob");
  const auto ended = token("carol", profile::client, {}, std::chrono::seconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(2100));
  auto wrong = secret;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  for (const auto& shown : {std::string("x"), wrong, ended, std::string(81, '0'), secret + "0"}) {
    const auto answer = send("simpleenroll", body_for(key, {"bob", {}, {}}), shown);
    EXPECT_EQ(answer.status, 401) << shown;
    EXPECT_THAT(std::string(answer.header("WWW-Authenticate").value_or("")), HasSubstr("Basic realm="));
    EXPECT_EQ(answer.body.find("ended"), std::string::npos) << "a stranger is not told why";
  }
  EXPECT_EQ(send("simpleenroll", body_for(key, {"bob", {}, {}})).status, 401);
  EXPECT_EQ(counts.refused_credentials, 6U);  // The one that showed none is among them.
  EXPECT_EQ(send("simpleenroll", body_for(key, {"bob", {}, {}}), secret).status, 200);
}

TEST_F(an_est_service, keeps_to_the_tokens_names_and_a_refusal_does_not_use_it_up) {
  const auto secret = token("web", profile::server, {{"www.acme.example"}, {}, {}, {}});
  const auto before = count();
  EXPECT_EQ(send("simpleenroll", body_for(key, {"other", {}, {}}), secret).status, 403);
  EXPECT_EQ(send("simpleenroll", body_for(key, {"web", {}, {}}, {{"evil.example"}, {}, {}, {}}), secret).status, 403);
  EXPECT_EQ(count(), before);
  const auto answer = send("simpleenroll", body_for(key, {"web", {}, {}}, {{"www.acme.example"}, {}, {}, {}}), secret);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(certificates_in(answer.body).at(0).allows_server());
}

TEST_F(an_est_service, refuses_what_is_no_request) {
  const auto secret = token("bob");
  const auto before = count();
  const auto body = body_for(key, {"bob", {}, {}});
  auto forged = *base64::decode_lines(body);
  forged.back() = static_cast<char>(forged.back() ^ 1);
  for (const auto& wrong :
       {std::string(), std::string("hello"), std::string("aGVsbG8="), body.substr(0, body.size() / 2),
        base64::encode(certificate("alice").der()), base64::encode(forged), body + body, certificate("alice").pem()}) {
    EXPECT_EQ(send("simpleenroll", wrong, secret).status, 400) << wrong;
  }
  EXPECT_EQ(send("simpleenroll", body, secret, "application/x-pkcs10").status, 415);
  EXPECT_EQ(send("simpleenroll", std::string(70'000, 'A'), secret).status, 413);
  EXPECT_EQ(count(), before);
  EXPECT_EQ(send("simpleenroll", body, secret).status, 200);
}

TEST_F(an_est_service, keeps_to_the_limits_of_the_authority) {
  const auto secret = token("bob", profile::client, {{}, {"spiffe://evil/bob"}, {}, {}});
  good(file::create(places.limits(), "[client.names]\nuris = [\"spiffe://acme/\"]\n", file::access::everyone));
  const auto answer = send("simpleenroll", body_for(key, {"bob", {}, {}}), secret);
  EXPECT_EQ(answer.status, 403) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("may not carry the URI"));
  std::filesystem::remove(places.limits());
  EXPECT_EQ(send("simpleenroll", body_for(key, {"bob", {}, {}}), secret).status, 200);
}

TEST_F(an_est_service, renews_a_certificate_that_is_good_with_the_same_names) {
  const auto alice = certificate("alice");
  as(alice);
  const x509::distinguished_name same{"alice", {"Acme"}, {}};
  EXPECT_EQ(send("simplereenroll", body_for(key, {"mallory", {"Acme"}, {}})).status, 403);
  EXPECT_EQ(send("simplereenroll", body_for(key, {"alice", {}, {}})).status, 403);
  EXPECT_EQ(send("simplereenroll", body_for(key, same, {{"evil.example"}, {}, {}, {}})).status, 403);
  const auto answer = send("simplereenroll", body_for(key, same));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto leaf = certificates_in(answer.body).at(0);
  EXPECT_EQ(leaf.subject(), alice.subject());
  EXPECT_TRUE(key.belongs_to(leaf));
  EXPECT_EQ(good(opened().records().find("alice"))->serial, leaf.serial());
  EXPECT_THAT(good(opened().acts()).back().who, HasSubstr("peer CN=alice,O=Acme"));
  // The one before is good until it ends: whoever has lost the answer asks again.
  EXPECT_EQ(send("simpleenroll", body_for(key, same)).status, 200);
}

TEST_F(an_est_service, renews_nobody_who_was_revoked_since_the_handshake) {
  as(certificate("alice"));
  revoke("alice", authority::revocation_reason::superseded);
  const auto before = count();
  const auto answer = send("simplereenroll", body_for(key, {"alice", {"Acme"}, {}}));
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("revoked"));
  EXPECT_EQ(count(), before);
}

TEST_F(an_est_service, renews_no_older_certificate_once_a_later_one_was_revoked_or_another_took_the_name) {
  as(certificate("alice"));
  const x509::distinguished_name same{"alice", {"Acme"}, {}};
  const auto answer = send("simplereenroll", body_for(key, same));
  ASSERT_EQ(answer.status, 200) << answer.body;
  revoke(certificates_in(answer.body).at(0).serial(), authority::revocation_reason::key_compromise);
  const auto other = good(x509::private_key::generate());
  EXPECT_EQ(send("simplereenroll", body_for(other, same)).status, 403);
  ASSERT_EQ(send("simpleenroll", body_for(other, same), token("alice")).status, 200)
      << "somebody else has the name now";
  const auto before = count();
  EXPECT_EQ(send("simplereenroll", body_for(good(x509::private_key::generate()), same)).status, 403);
  EXPECT_EQ(count(), before);
}

TEST_F(an_est_service, certifies_no_key_that_was_compromised) {
  const auto secret = token("bob");
  const auto stolen = good(x509::load_identity(places.certificate("alice"), places.key("alice"))).key;
  revoke("alice", authority::revocation_reason::key_compromise);
  EXPECT_EQ(send("simpleenroll", body_for(stolen, {"bob", {}, {}}), secret).status, 400);
}

TEST_F(an_est_service, renews_nobody_whose_key_was_compromised_under_another_certificate) {
  const auto first = certificate("alice");
  authority::renew_request again;
  again.name = "alice";
  good(opened().renew(again));
  const auto second = certificate("alice");
  ASSERT_EQ(EVP_PKEY_eq(X509_get0_pubkey(first.get()), X509_get0_pubkey(second.get())), 1);
  as(second);
  const x509::distinguished_name same{"alice", {"Acme"}, {}};
  // Whoever has agreed before it came out is refused when it is recorded.
  auto at = opened();
  const authority::enrolment early{good(x509::request::make(key, same, {}))};
  const auto agreed = good(authority::agree_by_certificate(at, second.sha256(), early));
  const auto before = count();
  revoke(first.serial(), authority::revocation_reason::key_compromise);
  const auto late = at.certify(agreed.what);
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message(), HasSubstr("was revoked as compromised"));
  for (const char* operation : {"simplereenroll", "simpleenroll", "serverkeygen"}) {
    const auto answer = send(operation, body_for(good(x509::private_key::generate()), same));
    EXPECT_EQ(answer.status, 403) << operation;
    EXPECT_THAT(answer.body, HasSubstr("may have stolen it")) << operation;
  }
  EXPECT_EQ(count(), before);
}

TEST_F(an_est_service, renews_nobody_without_a_certificate_unless_it_is_told_to) {
  EXPECT_EQ(send("simplereenroll", body_for(key, {"alice", {"Acme"}, {}})).status, 403);
}

TEST_F(an_est_service, makes_a_key_and_keeps_none) {
  const auto secret = token("bob");
  const auto answer = send("serverkeygen", body_for(key, {"bob", {}, {}}), secret);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::string type(answer.header("Content-Type").value_or(""));
  ASSERT_TRUE(type.starts_with("multipart/mixed; boundary=")) << type;
  const auto boundary = "--" + type.substr(type.find('=') + 1);
  std::vector<std::string> parts;
  for (std::size_t at = answer.body.find(boundary); at != std::string::npos; at = answer.body.find(boundary, at + 1)) {
    const auto begin = answer.body.find("\r\n\r\n", at);
    if (begin != std::string::npos)
      parts.push_back(answer.body.substr(begin + 4, answer.body.find("\r\n--", begin) - begin - 4));
  }
  ASSERT_EQ(parts.size(), 2U);
  const auto made = good(x509::read_bundle(*base64::decode_lines(parts[0]), {}, "answer"));
  const auto leaf = certificates_in(parts[1]).at(0);
  EXPECT_TRUE(made.key && made.key->belongs_to(leaf));
  EXPECT_FALSE(key.belongs_to(leaf));
  EXPECT_FALSE(std::filesystem::exists(places.key("bob")));
}

TEST_F(an_est_service, leaves_a_key_in_its_place_that_is_the_renewed_certificates_too) {
  const auto before = certificate("alice");
  const auto own = good(x509::load_identity(places.certificate("alice"), places.key("alice"))).key;
  const auto key_file = good(file::read(places.key("alice")));
  as(before);
  // Its files wait for the disk for as long as the test lasts.
  est_desk slow{*open, counts, logger(), std::nullopt, {.loose = std::chrono::hours(1)}};
  app slow_service;
  add_est_routes(slow_service, slow);
  const auto between = intermediate(), top = root();
  const std::array<X509*, 3> chain{before.get(), between.get(), top.get()};
  request asked;
  asked.method = "POST";
  asked.target = "/.well-known/est/simplereenroll";
  asked.body = body_for(own, {"alice", {"Acme"}, {}});
  asked.headers.set("Content-Type", "application/pkcs10");
  test_client slow_client(slow_service);
  const auto answer = slow_client.as(*good(x509::make_peer(chain))).send(std::move(asked));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto leaf = certificates_in(answer.body).at(0);
  const auto old_p12 = places.replaced() / ("alice." + before.serial() + ".p12");
  const auto old_certificate = places.replaced() / ("alice." + before.serial() + ".crt");
  const auto expect_whole = [&] {
    EXPECT_EQ(good(file::read(places.key("alice"))), key_file);
    EXPECT_EQ(certificate("alice"), leaf);
    const auto p12 = good(x509::load_bundle(places.p12("alice")));
    ASSERT_TRUE(p12.key && !p12.certificates.empty());
    EXPECT_EQ(p12.certificates.front(), leaf);
    EXPECT_TRUE(p12.key->belongs_to(leaf));
    EXPECT_TRUE(good(opened().records().find("alice"))->has_key);
    EXPECT_EQ(good(x509::load_certificates(old_certificate)).front(), before);
    EXPECT_EQ(good(x509::load_bundle(old_p12)).certificates.front(), before);
  };
  expect_whole();
  // As after a loss of power, by whoever comes next.
  good(file::replace(places.certificate("alice"), good(file::read(old_certificate)), file::access::everyone));
  good(file::replace(places.p12("alice"), good(file::read(old_p12)), file::access::owner_only));
  {
    auto next = opened();
    good(next.take_turn());
  }
  expect_whole();
  authority::renew_request again;
  again.name = "alice";
  good(opened().renew(again));
  EXPECT_TRUE(own.belongs_to(certificate("alice")));
}

TEST_F(an_est_service, takes_no_key_away_that_cannot_be_read_just_now) {
  const auto before = certificate("alice");
  const auto own = good(x509::load_identity(places.certificate("alice"), places.key("alice"))).key;
  const auto away = folder / "alice.key";
  std::filesystem::rename(places.key("alice"), away);
  std::filesystem::create_symlink("/proc/self/mem", places.key("alice"));  // to read it is an error
  as(before);
  EXPECT_EQ(send("simplereenroll", body_for(own, {"alice", {"Acme"}, {}})).status, 503);
  EXPECT_TRUE(std::filesystem::is_symlink(places.key("alice")));
  EXPECT_EQ(certificate("alice"), before);
  std::filesystem::rename(away, places.key("alice"));
  EXPECT_EQ(send("simplereenroll", body_for(own, {"alice", {"Acme"}, {}})).status, 200);
  EXPECT_TRUE(own.belongs_to(certificate("alice")));
  EXPECT_TRUE(std::filesystem::exists(places.key("alice")));
}

TEST_F(an_est_service, takes_the_key_away_that_is_not_the_renewed_certificates) {
  const auto before = certificate("alice");
  as(before);
  ASSERT_EQ(send("simplereenroll", body_for(key, {"alice", {"Acme"}, {}})).status, 200);
  EXPECT_FALSE(std::filesystem::exists(places.key("alice")));
  EXPECT_FALSE(std::filesystem::exists(places.p12("alice")));
  EXPECT_FALSE(good(opened().records().find("alice"))->has_key);
  EXPECT_TRUE(std::filesystem::exists(places.replaced() / ("alice." + before.serial() + ".key")));
}

TEST_F(an_est_service, asks_nothing_of_the_key_in_whose_place_it_makes_one) {
  // RFC 7030 section 4.4.1: the server ignores the public key and the signature.
  auto forged = *base64::decode_lines(body_for(key, {"bob", {}, {}}));
  forged.back() = static_cast<char>(forged.back() ^ 1);
  EXPECT_EQ(send("simpleenroll", base64::encode_lines(forged), token("bob")).status, 400);
  EXPECT_EQ(send("serverkeygen", base64::encode_lines(forged), token("bob")).status, 200);
  const x509::private_key weak(x509::pkey_ptr(EVP_RSA_gen(1024)));
  EXPECT_EQ(send("serverkeygen", body_for(weak, {"carol", {}, {}}), token("carol")).status, 200);
  EXPECT_EQ(send("simpleenroll", body_for(weak, {"dave", {}, {}}), token("dave")).status, 400);
  // What else it asks for is looked at all the same.
  EXPECT_EQ(send("serverkeygen", body_for(key, {"erin", {}, {}}, {{"evil.example"}, {}, {}, {}}), token("erin")).status,
            403);
  const auto stolen = good(x509::load_identity(places.certificate("alice"), places.key("alice"))).key;
  revoke("alice", authority::revocation_reason::key_compromise);
  EXPECT_EQ(send("serverkeygen", body_for(stolen, {"erin", {}, {}}), token("erin")).status, 200);
}

TEST_F(an_est_service, sends_no_key_in_the_open_that_was_to_be_encrypted) {
  for (const char* attribute : {"1.2.840.113549.1.9.16.2.37", "1.2.840.113549.1.9.16.2.54"}) {
    const auto plain = good(x509::request::make(key, {"bob", {}, {}}, {}));
    const x509::x509_req_ptr with(X509_REQ_dup(plain.get()));
    const unsigned char id[] = {'k', 'e', 'y'};
    ASSERT_EQ(X509_REQ_add1_attr_by_txt(with.get(), attribute, V_ASN1_OCTET_STRING, id, sizeof id), 1);
    ASSERT_GT(X509_REQ_sign(with.get(), key.get(), EVP_sha256()), 0);
    const auto body = base64::encode_lines(x509::der_of(with.get(), i2d_X509_REQ));
    const auto secret = token("bob");
    const auto answer = send("serverkeygen", body, secret);
    EXPECT_EQ(answer.status, 403) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr("encrypted"));
    EXPECT_EQ(send("simpleenroll", body, secret).status, 200) << "it has no meaning there";
    revoke("bob", authority::revocation_reason::superseded);
  }
}

TEST_F(an_est_service, says_what_keys_it_wants) {
  const auto answer = client().get("/.well-known/est/csrattrs");
  EXPECT_EQ(answer.header("Content-Type"), "application/csrattrs");
  EXPECT_EQ(text::hex(*base64::decode_lines(answer.body)),
            "30173015"
            "06072a8648ce3d0201"
            "310a06082a8648ce3d030107");
}

TEST_F(an_est_service, uses_a_token_for_one_of_many_who_come_at_once) {
  const auto secret = token("bob");
  std::vector<std::string> bodies;
  for (int n = 0; n < 6; ++n) bodies.push_back(body_for(good(x509::private_key::generate()), {"bob", {}, {}}));
  std::atomic<int> served{0};
  std::vector<std::thread> all;
  for (const auto& body : bodies) {
    all.emplace_back([&, body] {
      auto own = opened();
      const auto facts = authority::check_token(own, secret);
      if (!facts) return;
      const authority::enrolment wanted{good(read_est_request(body)), false};
      if (authority::enroll_by_token(own, *facts, wanted)) ++served;
    });
  }
  for (auto& one : all) one.join();
  EXPECT_EQ(served, 1);
}

TEST(credentials, are_read_from_one_field_of_a_known_scheme) {
  const auto of = [](std::vector<std::string> values) -> std::string {
    request asked;
    for (const auto& one : values) asked.headers.add("Authorization", one);
    const auto found = shown_token(asked);
    return found ? std::string(found->view()) : "(none)";
  };
  EXPECT_EQ(of({"Bearer abc"}), "abc");
  EXPECT_EQ(of({"bearer  abc "}), "abc");
  EXPECT_EQ(of({"Basic " + base64::encode("user:a:b")}), "a:b");
  EXPECT_EQ(of({"Basic " + base64::encode(":abc")}), "abc");
  for (const auto& wrong : {"Basic " + base64::encode("abc"), std::string("Basic ###"), std::string("Digest x"),
                            std::string("Bearer"), std::string()}) {
    EXPECT_EQ(of({wrong}), "(none)") << wrong;
  }
  EXPECT_EQ(of({"Bearer a", "Bearer b"}), "(none)");
  EXPECT_EQ(of({}), "(none)");
}

}  // namespace
}  // namespace mutual::ca_service
