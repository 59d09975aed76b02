// What an OCSP answer is worth: RFC 6960 sections 3.2 and 4.2.2.2.
#include "x509/ocsp_answer.hpp"

#include "support/judging.hpp"
#include "support/ocsp_answer.hpp"
#include "support/odd_keys.hpp"
#include "support/outcome.hpp"

#include <gmock/gmock.h>

namespace mutual::x509 {
namespace {

using namespace std::chrono_literals;
using test::identity;
using test::issue;
using test::ocsp_answer;
using test::ocsp_words;
using testing::HasSubstr;

class an_ocsp_answer : public testing::Test {
 protected:
  ocsp_subject subject() const { return {test::value_of(people_.client), test::value_of(people_.intermediate)}; }
  ocsp_terms terms() const { return {.at = at_, .nonce = nonce_}; }
  identity responder(const test::spec& contents = test::ocsp_responder_spec()) const {
    return issue(people_.intermediate, contents);
  }
  // "good", "revoked", "unknown", or the sentence that says why it does not count.
  std::string told(const std::string& der) const {
    const auto read = read_ocsp_answer(der, subject(), terms());
    if (!read) return read.error().message();
    switch (read->is) {
      case ocsp_fact::status::good:
        return "good";
      case ocsp_fact::status::revoked:
        return "revoked";
      case ocsp_fact::status::unknown:
        break;
    }
    return "unknown";
  }
  std::string about_alice(const identity& signer, const ocsp_words& what = {}) const {
    return told(ocsp_answer(people_.client, people_.intermediate, signer, what));
  }

  test::pki people_ = test::make_pki();
  sys_seconds at_ = now();
  std::string nonce_ = std::string(32, 'n');
};

TEST_F(an_ocsp_answer, of_the_issuer_itself_counts) {
  EXPECT_EQ(about_alice(people_.intermediate), "good");
  EXPECT_EQ(about_alice(people_.intermediate, {.flags = OCSP_NOCERTS | OCSP_RESPID_KEY}), "good");
  EXPECT_EQ(about_alice(people_.intermediate, {.status = V_OCSP_CERTSTATUS_UNKNOWN}), "unknown");
  const auto read = read_ocsp_answer(ocsp_answer(people_.client, people_.intermediate, people_.intermediate,
                                                 {.status = V_OCSP_CERTSTATUS_REVOKED, .at = at_}),
                                     subject(), terms());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->is, ocsp_fact::status::revoked);
  EXPECT_EQ(read->reason, 1);
  EXPECT_EQ(read->revoked_at, at_ - 1h);
  EXPECT_EQ(read->next_update, at_ + 1h);
}

TEST_F(an_ocsp_answer, of_a_responder_that_the_issuer_has_authorized_counts) {
  EXPECT_EQ(about_alice(responder()), "good");
  EXPECT_EQ(about_alice(responder(), {.flags = OCSP_RESPID_KEY}), "good");
  EXPECT_EQ(about_alice(responder(), {.beside = {people_.intermediate, people_.root}}), "good");
}

TEST_F(an_ocsp_answer, of_anybody_else_does_not) {
  const auto why = HasSubstr("neither by the certificate's issuer nor by a responder");
  EXPECT_THAT(about_alice(issue(people_.root, test::ocsp_responder_spec())), why) << "authorized by another CA";
  EXPECT_THAT(about_alice(people_.root), why) << "the CA above";
  EXPECT_THAT(about_alice(people_.client), why) << "whom it is about";
  EXPECT_THAT(about_alice(people_.server), why) << "a certificate for something else";
  auto any = test::ocsp_responder_spec();
  any.extended_key_usage = "anyExtendedKeyUsage";
  EXPECT_THAT(about_alice(responder(any)), why) << "not said in so many words (RFC 6960, 4.2.2.2)";
  auto none = test::ocsp_responder_spec();
  none.extended_key_usage.clear();
  EXPECT_THAT(about_alice(responder(none)), why);
  auto other_use = test::ocsp_responder_spec();
  other_use.key_usage = "critical,keyAgreement";
  EXPECT_THAT(about_alice(responder(other_use)), why);
  EXPECT_THAT(about_alice(test::self_signed(test::ocsp_responder_spec())), why);
  EXPECT_THAT(about_alice(responder(), {.flags = OCSP_NOCERTS}), why) << "nobody knows its certificate";
  // Of the issuer's name, with another key.
  EXPECT_THAT(about_alice(test::self_signed(test::intermediate_spec())), why);
  // Beside a good responder's certificate, which has not signed it.
  EXPECT_THAT(about_alice(people_.server, {.beside = {responder()}}), why);
}

TEST_F(an_ocsp_answer, of_a_responder_whose_time_is_over_or_whose_key_is_weak_does_not_count) {
  const auto why = HasSubstr("neither by the certificate's issuer nor by a responder");
  auto ended = test::ocsp_responder_spec();
  ended.begins_in = -2h;
  ended.ends_in = -1h;
  EXPECT_THAT(about_alice(responder(ended)), why);
  auto early = test::ocsp_responder_spec();
  early.begins_in = 1h;
  EXPECT_THAT(about_alice(responder(early)), why);
  auto weak = test::ocsp_responder_spec();
  weak.with = test::make_rsa_key(1024);
  EXPECT_THAT(about_alice(responder(weak)), why);
  weak.with = test::make_rsa_key_of_one();
  EXPECT_THAT(about_alice(responder(weak)), why) << "everybody can sign with it";
  auto strong = test::ocsp_responder_spec();
  strong.with = test::make_rsa_key(2048);
  EXPECT_EQ(about_alice(responder(strong)), "good");
  auto modern = test::ocsp_responder_spec();
  modern.with = test::make_ed25519_key();
  EXPECT_EQ(about_alice(responder(modern), {.digest = nullptr}), "good");
}

TEST_F(an_ocsp_answer, that_is_signed_with_a_digest_that_can_be_forged_does_not_count) {
  EXPECT_THAT(about_alice(people_.intermediate, {.digest = EVP_sha1()}), HasSubstr("MD5 or SHA-1"));
  EXPECT_THAT(about_alice(responder(), {.digest = EVP_sha1()}), HasSubstr("MD5 or SHA-1"));
  EXPECT_EQ(about_alice(responder(), {.digest = EVP_sha384()}), "good");
}

TEST_F(an_ocsp_answer, that_was_changed_does_not_count) {
  const auto whole = ocsp_answer(people_.client, people_.intermediate, people_.intermediate, {.flags = OCSP_NOCERTS});
  ASSERT_EQ(told(whole), "good");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_NE(told(changed), "good") << at;
    EXPECT_NE(told(whole.substr(0, at)), "good") << at;
  }
  EXPECT_NE(told(whole + "x"), "good");
}

TEST_F(an_ocsp_answer, about_another_certificate_does_not_count) {
  EXPECT_THAT(told(ocsp_answer(people_.server, people_.intermediate, people_.intermediate)),
              HasSubstr("does not speak of the certificate"));
  EXPECT_THAT(told(ocsp_answer(people_.client, people_.root, people_.intermediate)),
              HasSubstr("does not speak of the certificate"));
  EXPECT_THAT(about_alice(people_.intermediate, {.times = 0}), HasSubstr("does not speak of the certificate"));
  EXPECT_THAT(about_alice(people_.intermediate, {.times = 2}), HasSubstr("twice"));
}

TEST_F(an_ocsp_answer, is_of_its_time_and_a_minute_of_difference_between_clocks_is_borne) {
  const auto between = [&](std::chrono::seconds from, std::optional<std::chrono::seconds> until) {
    return about_alice(people_.intermediate, {.at = at_, .begins_in = from, .ends_in = until});
  };
  EXPECT_EQ(between(-2h, 1s), "good");
  EXPECT_EQ(between(-2h, -59s), "good");
  EXPECT_THAT(between(-2h, -60s), HasSubstr("ended on"));
  EXPECT_EQ(between(60s, 1h), "good");
  EXPECT_THAT(between(61s, 1h), HasSubstr("which is not yet"));
  EXPECT_THAT(between(-1h, -2h), HasSubstr("ends before it begins"));
  EXPECT_EQ(between(-359s, {}), "good");
  EXPECT_THAT(between(-360s, {}), HasSubstr("does not say until when it holds"));
}

TEST_F(an_ocsp_answer, has_the_nonce_that_was_sent_or_none) {
  EXPECT_EQ(about_alice(people_.intermediate, {.nonce = nonce_}), "good");
  EXPECT_EQ(about_alice(people_.intermediate), "good");
  EXPECT_THAT(about_alice(people_.intermediate, {.nonce = std::string(32, 'm')}), HasSubstr("another nonce"));
  nonce_.clear();
  EXPECT_EQ(about_alice(people_.intermediate, {.nonce = "n"}), "good") << "nobody asked for one";
}

TEST_F(an_ocsp_answer, that_is_none_is_told_as_what_it_is) {
  EXPECT_THAT(told(test::ocsp_refusal(OCSP_RESPONSE_STATUS_TRYLATER)), HasSubstr("gives no answer (trylater)"));
  EXPECT_THAT(told("<html>"), HasSubstr("is no DER of one"));
  EXPECT_THAT(told(""), HasSubstr("is no DER of one"));
  EXPECT_THAT(told(std::string(65'537, '0')), HasSubstr("65537 bytes"));
  EXPECT_THAT(about_alice(people_.intermediate, {.critical = true}), HasSubstr("a critical extension"));
  const std::vector<identity> many(8, people_.server);
  EXPECT_THAT(about_alice(people_.server, {.beside = many}), HasSubstr("more certificates than are looked at"));
}

TEST_F(an_ocsp_answer, is_to_a_question_that_is_asked_anew_each_time) {
  const auto first = test::good(make_ocsp_errand(subject()));
  const auto second = test::good(make_ocsp_errand(subject()));
  EXPECT_EQ(first.nonce.size(), 32U);
  EXPECT_NE(first.nonce, second.nonce);
  EXPECT_EQ(test::nonce_in(first.der), first.nonce);
  const auto read = read_ocsp_question(first.der);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->about.size(), 1U);
  EXPECT_EQ(read->about.front().serial(), subject().about.serial());
  EXPECT_TRUE(read->about.front().is_issued_by(subject().issuer));
}

}  // namespace
}  // namespace mutual::x509
