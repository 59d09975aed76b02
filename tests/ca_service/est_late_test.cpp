// EST after the end of a certificate: who still gets another, how often, and by which request.

#include "authority/late_renewals.hpp"
#include "ca_service/est_service.hpp"
#include "support/captured_log.hpp"

#include <openssl/ec.h>

#include <thread>

namespace mutual::ca_service {
namespace {

using ::testing::HasSubstr;

TEST_F(an_est_service, knows_whose_key_has_ended_and_gives_it_no_more_than_the_grace) {
  // A certificate of two seconds, as no command makes it.
  const auto issuer = good(authority::load_issuer(places));
  const auto spec =
      good(x509::describe_certificate(profile::client, {"short", {"Acme"}, {}}, {}, key, std::chrono::seconds(1)));
  const auto leaf = good(x509::issue_certificate(spec, key.get(), issuer.leaf(), issuer.key));
  auto entry = authority::to_record(leaf, "short", profile::client, false);
  entry.state = authority::record_state::issued;
  entry.has_key = false;
  good(opened().records().add(entry));
  const auto asked = good(x509::request::make(key, {"short", {"Acme"}, {}}, {}));
  auto at = opened();
  // While it is good, it is to be shown in TLS.
  const auto early = authority::renew_after_end(at, asked, std::chrono::hours(1));
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error().message(), HasSubstr("present it in the TLS handshake"));
  std::this_thread::sleep_for(std::chrono::milliseconds(3200));
  const auto late = authority::renew_after_end(at, asked, std::chrono::seconds(1));
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message(), HasSubstr("too long"));
  const auto other = good(x509::private_key::generate());
  EXPECT_FALSE(authority::renew_after_end(at, good(x509::request::make(other, {"short", {"Acme"}, {}}, {})),
                                          std::chrono::hours(1)));
  EXPECT_FALSE(authority::renew_after_end(at, good(x509::request::make(key, {"short", {"Other"}, {}}, {})),
                                          std::chrono::hours(1)));
  const auto renewed = good(authority::renew_after_end(at, asked, std::chrono::hours(1)));
  EXPECT_NE(renewed.issued.leaf.serial(), leaf.serial());
  EXPECT_THAT(good(opened().acts()).at(good(opened().acts()).size() - 2).why, HasSubstr("after the end of"));
  // By its number, for on a slow machine it has ended by now.
  good(opened().revoke(renewed.issued.leaf.serial(), authority::revocation_reason::superseded, {}));
  EXPECT_FALSE(authority::renew_after_end(at, asked, std::chrono::hours(1)));
}

class an_est_service_that_renews_after_the_end : public an_est_service {
 protected:
  an_est_service_that_renews_after_the_end() { add_est_routes(late_service, late); }
  test_response ask(const x509::private_key& of, const std::string& name) {
    return ask(body_for(of, {name, {"Acme"}, {}}));
  }
  test_response ask(const std::string& body) {
    request asked;
    asked.method = "POST";
    asked.target = "/.well-known/est/simplereenroll";
    asked.body = body;
    asked.headers.set("Content-Type", "application/pkcs10");
    return test_client(late_service).send(std::move(asked));
  }
  // A certificate for the key of which the inventory says that it has ended: its serial number.
  std::string record_ended(const std::string& name, std::chrono::seconds life = std::chrono::hours(1)) {
    const auto leaf = make(name, key, life);
    auto entry = record_of(leaf, name);
    entry.not_after = now() - std::chrono::seconds(10);
    good(opened().records().add(entry));
    return entry.serial;
  }
  // One that took the place of another in TLS, by an answer that nobody got.
  x509::certificate record_next(const std::string& name, const x509::private_key& of, std::chrono::seconds life,
                                const std::string& replaces) {
    auto leaf = make(name, of, life);
    auto entry = record_of(leaf, name);
    entry.replaces = replaces;
    good(opened().records().add(entry));
    return leaf;
  }
  x509::certificate make(const std::string& name, const x509::private_key& of, std::chrono::seconds life) {
    const auto issuer = good(authority::load_issuer(places));
    const auto spec = good(x509::describe_certificate(profile::client, {name, {"Acme"}, {}}, {}, of, life));
    return good(x509::issue_certificate(spec, of.get(), issuer.leaf(), issuer.key));
  }
  static authority::record record_of(const x509::certificate& leaf, const std::string& name) {
    auto entry = authority::to_record(leaf, name, profile::client, false);
    entry.state = authority::record_state::issued;
    entry.has_key = false;
    return entry;
  }

  // What is dated back counts as lived, so that one of so short a life is due at once.
  static constexpr std::chrono::seconds due_at_once{100};

  test::captured_log log;
  est_desk late{*open, counts, log.to(), std::chrono::hours(1)};
  app late_service;
};

TEST_F(an_est_service_that_renews_after_the_end, gives_nobody_for_a_renewal_what_he_has) {
  const auto own = good(x509::load_identity(places.certificate("alice"), places.key("alice"))).key;
  const auto before = count();
  const auto answer = ask(own, "alice");
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("present it in the TLS handshake"));
  EXPECT_EQ(counts.refused_policy, 1U);
  EXPECT_EQ(counts.issued_reenroll, 0U);
  EXPECT_EQ(count(), before);
}

TEST_F(an_est_service_that_renews_after_the_end, gives_a_lost_answer_again_and_issues_nothing) {
  record_ended("bob");
  const auto body = body_for(key, {"bob", {"Acme"}, {}});
  const auto answer = ask(body);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto leaf = certificates_in(answer.body).at(0);
  EXPECT_GT(leaf.not_after(), now());
  const auto before = count();
  EXPECT_EQ(certificates_in(ask(body).body).at(0), leaf);
  EXPECT_EQ(certificates_in(ask(key, "bob").body).at(0), leaf) << "whoever has the key asks by another request";
  EXPECT_EQ(count(), before);
  EXPECT_EQ(counts.issued_reenroll, 1U);
  EXPECT_EQ(log.count("EST simplereenroll: client certificate 'bob'"), 1U);
  EXPECT_EQ(log.count("EST simplereenroll repeated, nothing is issued: client certificate 'bob'"), 2U);
  // One that was renewed in TLS since is no such answer.
  as(leaf);
  ASSERT_EQ(send("simplereenroll", body).status, 200);
  EXPECT_EQ(ask(key, "bob").status, 403);
}

// Else its owner would take it for a new one each time, until he is locked out at its end.
TEST_F(an_est_service_that_renews_after_the_end, gives_no_answer_again_that_is_due_and_says_how_it_is_renewed) {
  record_ended("bob", due_at_once);
  const auto answer = ask(key, "bob");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto leaf = certificates_in(answer.body).at(0);
  const auto again = ask(key, "bob");
  EXPECT_EQ(again.status, 403) << again.body;
  EXPECT_THAT(again.body, HasSubstr("present it in the TLS handshake to renew it before that"));
  as(leaf);
  const auto renewed = send("simplereenroll", body_for(key, {"bob", {"Acme"}, {}}));
  ASSERT_EQ(renewed.status, 200) << renewed.body;
  EXPECT_FALSE(certificates_in(renewed.body).at(0) == leaf);
}

// Renewed in TLS just before its end, for another key.
TEST_F(an_est_service_that_renews_after_the_end, gives_what_replaced_an_ended_one_of_another_key_to_who_has_its_own) {
  const auto ended = record_ended("bob");
  const auto other = good(x509::private_key::generate());
  const auto lost = record_next("bob", other, std::chrono::hours(1), ended);
  const auto before = count();
  const auto answer = ask(other, "bob");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(certificates_in(answer.body).at(0), lost);
  EXPECT_EQ(ask(key, "bob").status, 409) << "by the key of the one that has ended";
  EXPECT_EQ(ask(good(x509::private_key::generate()), "bob").status, 403) << "by anybody's";
  EXPECT_EQ(count(), before);
  EXPECT_EQ(counts.issued_reenroll, 0U);
  revoke(lost.serial(), authority::revocation_reason::superseded);
  EXPECT_EQ(ask(other, "bob").status, 403);
}

// The same for its key.
TEST_F(an_est_service_that_renews_after_the_end, gives_what_replaced_an_ended_one_of_the_key_until_that_is_due) {
  record_next("carol", key, due_at_once, record_ended("carol"));
  EXPECT_EQ(ask(key, "carol").status, 403);
  const auto lost = record_next("bob", key, std::chrono::hours(1), record_ended("bob"));
  const auto answer = ask(key, "bob");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(certificates_in(answer.body).at(0), lost);
  EXPECT_EQ(counts.issued_reenroll, 0U);
  // What replaces one that is good is shown in TLS.
  record_next("bob", key, std::chrono::hours(2), lost.serial());
  EXPECT_EQ(ask(key, "bob").status, 403);
}

// The same request with the other signature of ECDSA that is as good: (r, -s) for (r, s).
x509::request with_the_other_signature(const x509::request& one, const x509::private_key& key) {
  const ASN1_BIT_STRING* signature = nullptr;
  X509_REQ_get0_signature(one.get(), &signature, nullptr);
  using signature_ptr = std::unique_ptr<ECDSA_SIG, x509::freed_by<ECDSA_SIG_free>>;
  const auto* bytes = ASN1_STRING_get0_data(signature);
  const signature_ptr two(d2i_ECDSA_SIG(nullptr, &bytes, ASN1_STRING_length(signature)));
  const std::unique_ptr<EC_GROUP, x509::freed_by<EC_GROUP_free>> group(
      EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  x509::bignum_ptr r(BN_dup(ECDSA_SIG_get0_r(two.get()))), s(BN_new());
  EXPECT_EQ(BN_sub(s.get(), EC_GROUP_get0_order(group.get()), ECDSA_SIG_get0_s(two.get())), 1);
  ECDSA_SIG_set0(two.get(), r.release(), s.release());
  const auto der = x509::der_of(two.get(), i2d_ECDSA_SIG);
  x509::x509_req_ptr copy(X509_REQ_dup(one.get()));
  ASN1_BIT_STRING* changed = ASN1_BIT_STRING_new();
  ASN1_BIT_STRING_set(changed, reinterpret_cast<unsigned char*>(const_cast<char*>(der.data())),
                      static_cast<int>(der.size()));
  changed->flags = (changed->flags & ~7L) | ASN1_STRING_FLAG_BITS_LEFT;
  X509_REQ_set0_signature(copy.get(), changed);
  auto out = good(x509::request::from_der(x509::der_of(copy.get(), i2d_X509_REQ)));
  EXPECT_TRUE(out.proves_possession());
  EXPECT_NE(out.der(), one.der());
  EXPECT_TRUE(key.get() != nullptr);
  return out;
}

TEST(a_used_request, is_known_whatever_anybody_makes_of_it_without_the_key) {
  const auto key = good(x509::private_key::generate());
  const auto one = good(x509::request::make(key, {"bob", {}, {}}, {}));
  EXPECT_EQ(authority::digest_of(with_the_other_signature(one, key)), authority::digest_of(one));
  EXPECT_NE(authority::digest_of(good(x509::request::make(key, {"bob", {}, {}}, {}))), authority::digest_of(one));
}

TEST_F(an_est_service, renews_after_the_end_by_no_request_twice_and_not_on_and_on) {
  const auto issuer = good(authority::load_issuer(places));
  const auto spec =
      good(x509::describe_certificate(profile::client, {"short", {"Acme"}, {}}, {}, key, std::chrono::seconds(1)));
  const auto first = good(x509::issue_certificate(spec, key.get(), issuer.leaf(), issuer.key));
  auto entry = authority::to_record(first, "short", profile::client, false);
  entry.state = authority::record_state::issued;
  entry.has_key = false;
  good(opened().records().add(entry));
  const auto ask = [&] { return good(x509::request::make(key, {"short", {"Acme"}, {}}, {})); };
  const auto wait_for_the_end_of = [](const x509::certificate& one) {
    while (now() <= one.not_after() + std::chrono::seconds(1))
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  };
  auto at = opened();
  const auto grace = std::chrono::hours(1);
  wait_for_the_end_of(first);
  const auto used = ask();
  const auto second = good(authority::renew_after_end(at, used, grace)).issued.leaf;
  wait_for_the_end_of(second);
  for (const auto& again : {used, with_the_other_signature(used, key)}) {
    const auto refused = authority::renew_after_end(at, again, grace);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("make another"));
  }
  // It has ended a moment ago; what was given for more than a request has ended before.
  const auto since_first = now() - first.not_after();
  const auto late = authority::renew_after_end(at, ask(), since_first - std::chrono::seconds(1));
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message(), HasSubstr("enrol anew"));
  const auto third = good(authority::renew_after_end(at, ask(), grace)).issued.leaf;
  auto& records = at.records();
  const auto of = [&](const x509::certificate& one) {
    return good(authority::proved_until(records.on(), *good(records.find_serial(one.serial()))));
  };
  EXPECT_EQ(of(third), first.not_after()) << "however long the chain";
  EXPECT_EQ(of(first), first.not_after());
}

}  // namespace
}  // namespace mutual::ca_service
