// The verdict on a chain when there are revocation lists.
#include "support/judging.hpp"
#include "tls/verdict.hpp"
#include "tls/verdict_people.hpp"

#include <chrono>

namespace mutual::tls {
namespace {

using test::identity;
using test::issue;
using test::judge;
using test::outcome;
using test::self_signed;
using test::spec;
using test::trusting;
using testing::HasSubstr;
using namespace std::chrono_literals;

TEST(verdict, with_current_lists_of_every_ca_a_chain_is_good) {
  EXPECT_EQ(outcome(judge(with_crls(), sent(alice()))), "good");
  EXPECT_EQ(outcome(judge(with_crls({alice()}), sent(alice()))), "good") << "another one is revoked";
}

TEST(verdict, a_revoked_intermediate_takes_its_clients_with_it) {
  auto by = with_crls();
  by.revocations[0] = test::make_crl(acme().root, {.revoked = {acme().intermediate}});
  const auto judged = judge(by, sent(alice()));
  EXPECT_EQ(outcome(judged), "revoked");
  EXPECT_THAT(judged.detail, HasSubstr("Acme Intermediate"));
}

TEST(verdict, a_list_is_needed_of_every_ca_but_the_anchors_issuer) {
  auto by = with_crls();
  by.revocations.erase(by.revocations.begin());
  EXPECT_EQ(outcome(judge(by, sent(alice()))), "revocation_unknown") << "the root's is missing";
  // The intermediate as the anchor: nobody asks whether it is revoked.
  by.trusted = {acme().intermediate};
  EXPECT_EQ(outcome(judge(by, {alice()})), "good");
}

TEST(verdict, an_anchor_that_is_shown_as_a_leaf_is_judged_like_a_pin) {
  auto contents = test::root_spec();
  contents.key_usage = "critical,digitalSignature,keyCertSign,cRLSign";
  const auto root = self_signed(contents);
  EXPECT_EQ(outcome(judge(trusting{.trusted = {root}}, {root})), "good");
  EXPECT_EQ(
      outcome(judge(trusting{.trusted = {root}, .revocations = {test::make_crl(root, {.revoked = {root}})}}, {root})),
      "revoked");
  EXPECT_EQ(outcome(judge(root_only(), {acme().root})), "wrong_purpose");
}

TEST(verdict, a_list_of_a_ca_of_that_name_with_another_key_is_no_list) {
  const auto other = self_signed(test::root_spec());
  const auto client = issue(acme().root, test::client_spec());
  trusting by{.trusted = {acme().root}, .revocations = {test::make_crl(other)}};
  EXPECT_EQ(outcome(judge(by, {client})), "revocation_unknown");
  by.revocations.push_back(test::make_crl(acme().root));
  EXPECT_EQ(outcome(judge(by, {client})), "good");
}

TEST(verdict, a_list_of_a_ca_that_only_clients_send_is_verified_once_and_by_that_ca_only) {
  const auto by = test::make_trust(with_crls());
  const identity forger(test::parsed(acme().intermediate), test::make_p256_key());
  EXPECT_EQ(outcome(judge(*by, sent(alice()))), "good");
  EXPECT_EQ(outcome(judge(*by, sent(alice()))), "good");
  // Another CA of the same name and key identifier does not profit from what was found out about the first.
  auto same_name = test::intermediate_spec();
  same_name.with = test::make_p256_key();
  same_name.subject_key_id = false;
  same_name.more = {{"subjectKeyIdentifier", test::value_of(acme().intermediate).subject_key_id()}};
  const auto twin = issue(acme().root, same_name);
  EXPECT_EQ(outcome(judge(*by, {issue(twin, test::client_spec()), twin})), "revocation_unknown");
}

TEST(verdict, lists_of_unusual_kinds_are_judged_by_openssl) {
  // An issuing distribution point for CA certificates only: it says nothing about clients.
  auto by = with_crls();
  by.revocations[1] =
      test::make_crl(acme().intermediate, {.more = {{"issuingDistributionPoint", "critical,DER:30038201FF"}}});
  EXPECT_EQ(outcome(judge(by, sent(alice()))), "revocation_unknown");
  const auto mallory = alice();
  by.revocations[1] = test::make_crl(
      acme().intermediate, {.revoked = {mallory}, .more = {{"issuingDistributionPoint", "critical,DER:30038101FF"}}});
  const auto judged = judge(by, sent(mallory));
  EXPECT_EQ(outcome(judged), "revoked") << judged.detail;
  EXPECT_EQ(outcome(judge(by, sent(alice()))), "good");
  by.revocations[1] = test::make_crl(
      acme().intermediate,
      {.begins_in = -day * 9, .ends_in = -day, .more = {{"issuingDistributionPoint", "critical,DER:30038101FF"}}});
  EXPECT_EQ(outcome(judge(by, sent(alice()))), "revocation_stale");
}

TEST(verdict, a_stale_list_still_tells_who_is_revoked) {
  const auto mallory = alice();
  auto by = with_crls();
  by.revocations[1] =
      test::make_crl(acme().intermediate, {.revoked = {mallory}, .begins_in = -day * 9, .ends_in = -day * 2});
  EXPECT_EQ(outcome(judge(by, sent(mallory))), "revoked");
}

TEST(verdict, a_list_that_has_ended_counts_for_as_long_as_its_policy_says) {
  const auto mallory = alice();
  auto by = with_crls();
  by.revocations[1] =
      test::make_crl(acme().intermediate, {.revoked = {mallory}, .begins_in = -day * 9, .ends_in = -day});
  by.settings.stale_lists = unanswered::grace;
  by.settings.stale_lists_grace = 25h;
  EXPECT_EQ(outcome(judge(by, sent(alice()))), "good");
  EXPECT_EQ(outcome(judge(by, sent(mallory))), "revoked");
  by.settings.stale_lists_grace = 23h;
  EXPECT_EQ(outcome(judge(by, sent(alice()))), "revocation_stale");
  by.settings.stale_lists = unanswered::off;
  EXPECT_EQ(outcome(judge(by, sent(alice()))), "good");
  EXPECT_EQ(outcome(judge(by, sent(mallory))), "revoked");
}

TEST(verdict, who_was_good_by_a_list_is_judged_again_when_its_grace_is_over) {
  auto by = with_crls();
  by.revocations[1] = test::make_crl(acme().intermediate, {.begins_in = -day * 9, .ends_in = -day});
  by.settings.stale_lists = unanswered::grace;
  by.settings.stale_lists_grace = 25h;
  const auto trust = test::make_trust(by);
  const auto judged = judge(*trust, sent(alice()));
  ASSERT_EQ(outcome(judged), "good");
  EXPECT_LE(judged.holds.until, now() + 1h);
  EXPECT_EQ(outcome(judge_again(*trust, judged.holds, {.at = now() + 2h})), "revocation_stale");
}

TEST(verdict, a_missing_list_is_passed_over_by_the_policy_off_alone) {
  auto by = with_crls();
  by.revocations.erase(by.revocations.begin());  // the root's
  by.settings.stale_lists = unanswered::grace;
  by.settings.stale_lists_grace = 24h;
  EXPECT_EQ(outcome(judge(by, sent(alice()))), "revocation_unknown");
  by.settings.stale_lists = unanswered::off;
  EXPECT_EQ(outcome(judge(by, sent(alice()))), "good");
}

TEST(verdict, under_the_policy_off_one_missing_list_hides_no_other) {
  const auto mallory = alice();
  auto by = with_crls({mallory});
  by.settings.stale_lists = unanswered::off;
  by.revocations.erase(by.revocations.begin());
  EXPECT_EQ(outcome(judge(by, sent(mallory))), "revoked");
}

TEST(verdict, a_list_that_has_not_begun_is_no_list) {
  auto by = with_crls();
  by.revocations[1] = test::make_crl(acme().intermediate, {.begins_in = day, .ends_in = day * 2});
  EXPECT_EQ(outcome(judge(by, sent(alice()))), "revocation_unknown");
}

TEST(verdict, a_list_that_begins_in_minutes_proves_nobody_good_but_whoever_it_revokes_is_revoked) {
  const auto mallory = alice();
  auto by = with_crls();
  const auto add = [&](std::chrono::seconds begins_in) {
    by.revocations.push_back(
        test::make_crl(acme().intermediate, {.revoked = {mallory}, .begins_in = begins_in, .number = 2}));
  };
  add(std::chrono::minutes(10));
  EXPECT_EQ(outcome(judge(by, sent(mallory))), "good") << "it was made for later";
  by.revocations.pop_back();
  add(std::chrono::minutes(4));
  EXPECT_EQ(outcome(judge(by, sent(mallory))), "revoked") << "the clock that made it is ahead";
  EXPECT_EQ(outcome(judge(by, sent(alice()))), "good") << "by the one before";
  by.revocations[1] = test::make_crl(acme().intermediate, {.begins_in = -day * 9, .ends_in = -day});
  EXPECT_EQ(outcome(judge(by, sent(alice()))), "revocation_stale");
}

TEST(verdict, a_list_that_begins_in_minutes_revokes_nobody_if_its_ca_has_not_signed_it) {
  const identity forger(test::parsed(acme().intermediate), test::make_p256_key());
  const auto client = alice();
  auto by = with_crls();
  by.revocations.push_back(
      test::make_crl(forger, {.revoked = {client}, .begins_in = std::chrono::minutes(4), .number = 2}));
  EXPECT_EQ(outcome(judge(by, sent(client))), "good");
}

TEST(verdict, of_two_lists_the_newer_counts) {
  const auto mallory = alice();
  auto by = with_crls();
  by.revocations[1] = test::make_crl(acme().intermediate, {.revoked = {mallory}, .number = 2});
  by.revocations.push_back(test::make_crl(acme().intermediate, {.begins_in = -day * 2, .number = 1}));
  EXPECT_EQ(outcome(judge(by, sent(mallory))), "revoked");
}

TEST(verdict, of_two_lists_of_one_number_either_refuses) {
  const auto client = alice();
  for (const bool is_later : {true, false}) {
    trusting from{.trusted = {acme().root}, .revocations = {test::make_crl(acme().root)}};
    from.revocations.push_back(test::make_crl(acme().intermediate, {.begins_in = -day, .number = 7}));
    from.revocations.push_back(test::make_crl(
        acme().intermediate, {.revoked = {client}, .begins_in = -day * (is_later ? 2 : 0), .number = 7}));
    // One that is lower counts for nothing.
    from.revocations.push_back(test::make_crl(acme().intermediate, {.revoked = {alice()}, .number = 6}));
    EXPECT_EQ(outcome(judge(from, sent(client))), "revoked") << is_later;
    EXPECT_EQ(outcome(judge(from, sent(alice()))), "good") << is_later;
  }
}

TEST(verdict, of_two_lists_of_one_moment_the_one_with_the_higher_number_counts) {
  const auto client = alice();
  const auto earlier = test::make_crl(acme().intermediate, {.number = 254});
  const auto later = test::make_crl(acme().intermediate, {.revoked = {client}, .number = 256});
  for (const bool in_order : {true, false}) {
    trusting from{.trusted = {acme().root}, .revocations = {test::make_crl(acme().root)}};
    from.revocations.push_back(in_order ? earlier : later);
    from.revocations.push_back(in_order ? later : earlier);
    EXPECT_EQ(outcome(judge(from, sent(client))), "revoked") << in_order;
  }
}

// A list that was made while the CA's clock was ahead must not outweigh those that it has made since.
TEST(verdict, of_two_lists_the_one_with_the_higher_number_counts_though_the_other_is_dated_later) {
  const auto client = alice();
  const std::vector<std::pair<std::string, std::string>> whole,
      partition{{"issuingDistributionPoint", "critical,DER:30038101FF"}};
  for (const auto& kind : {whole, partition}) {
    for (const bool intermediate_is_known : {true, false}) {
      // OpenSSL judges partitions, and where it goes by dates it must not see what was replaced; whose signature nobody
      // could check yet replaces nothing there.
      if (!kind.empty() && !intermediate_is_known) continue;
      const auto later = test::make_crl(acme().intermediate, {.begins_in = -day, .number = 254, .more = kind});
      const auto higher = test::make_crl(acme().intermediate,
                                         {.revoked = {client}, .begins_in = -day * 2, .number = 256, .more = kind});
      for (const bool in_order : {true, false}) {
        trusting from{.trusted = {acme().root}, .revocations = {test::make_crl(acme().root)}};
        if (intermediate_is_known) from.trusted.push_back(acme().intermediate);
        from.revocations.push_back(in_order ? later : higher);
        from.revocations.push_back(in_order ? higher : later);
        EXPECT_EQ(outcome(judge(from, sent(client))), "revoked") << kind.size() << intermediate_is_known << in_order;
      }
    }
  }
}

TEST(verdict, a_list_of_another_key_of_the_same_name_outweighs_none_by_its_number) {
  // The CA has a new key, and counts from 1 again; the lists of the old key had come further.
  const auto client = alice();
  auto by = with_crls({client});
  by.trusted.push_back(acme().intermediate);
  auto renewed = test::intermediate_spec();
  renewed.with = test::make_p256_key();
  by.revocations.push_back(test::make_crl(issue(acme().root, renewed), {.begins_in = -day, .number = 99}));
  EXPECT_EQ(outcome(judge(by, sent(client))), "revoked");
  EXPECT_EQ(outcome(judge(by, sent(alice()))), "good");
}

TEST(verdict, a_list_signed_by_another_key_is_no_list) {
  // The intermediate is not in the trust, so the list's signature is seen only with the chain.
  const identity forger(test::parsed(acme().intermediate), test::make_p256_key());
  auto by = with_crls();
  by.revocations[1] = test::make_crl(forger);
  const auto judged = judge(by, sent(alice()));
  EXPECT_EQ(outcome(judged), "revocation_unknown");
  EXPECT_THAT(judged.detail, HasSubstr("signature"));
}

}  // namespace
}  // namespace mutual::tls
