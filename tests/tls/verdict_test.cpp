// The verdict on a chain: every reason, and which of several is told.
#include "tls/verdict.hpp"

#include "support/judging.hpp"
#include "support/odd_keys.hpp"
#include "tls/reason_alert.hpp"
#include "tls/verdict_people.hpp"

#include <openssl/err.h>

#include <chrono>
#include <functional>

namespace mutual::tls {
namespace {

using test::identity;
using test::issue;
using test::judge;
using test::outcome;
using test::self_signed;
using test::spec;
using test::trusting;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

// The thirteen states of a client's certificate, less the two that only a handshake has (no key, no certificate).
struct state {
  std::string name;
  std::string outcome;
  std::function<verdict()> judged;
};

const std::vector<state>& states() {
  static const std::vector<state> all{
      {"right", "good", [] { return judge(root_only(), sent(alice())); }},
      {"wrong CA", "unknown_issuer",
       [] {
         const auto other = self_signed(test::root_spec("Other Root"));
         return judge(root_only(), {issue(other, test::client_spec())});
       }},
      {"wrong CA of the same name", "unknown_issuer",
       [] {
         const auto other = self_signed(test::root_spec());
         return judge(root_only(), {issue(other, test::client_spec())});
       }},
      {"self-signed", "self_signed", [] { return judge(root_only(), {self_signed(test::client_spec())}); }},
      {"expired", "expired", [] { return judge(root_only(), sent(alice(ended(test::client_spec())))); }},
      {"not yet valid", "not_yet_valid",
       [] { return judge(root_only(), sent(alice(beginning(test::client_spec())))); }},
      {"server-only purpose", "wrong_purpose", [] { return judge(root_only(), sent(alice(test::server_spec()))); }},
      {"intermediate missing", "intermediate_missing",
       [] { return judge(trusting{.trusted = {acme().root}, .hints = {acme().intermediate}}, {alice()}); }},
      {"revoked", "revoked",
       [] {
         const auto mallory = alice();
         return judge(with_crls({mallory}), sent(mallory));
       }},
      {"stale CRL", "revocation_stale",
       [] {
         auto by = with_crls();
         by.revocations[1] = test::make_crl(acme().intermediate, {.begins_in = -day * 9, .ends_in = -day * 2});
         return judge(by, sent(alice()));
       }},
      {"missing CRL", "revocation_unknown",
       [] {
         auto by = with_crls();
         by.revocations.pop_back();
         return judge(by, sent(alice()));
       }},
      {"tampered signature", "bad_signature", [] { return judge(root_only(), sent(test::tampered(alice()))); }},
  };
  return all;
}

TEST(verdict, every_state_of_a_certificate_has_its_outcome) {
  for (const auto& each : states()) {
    const auto judged = each.judged();
    EXPECT_EQ(outcome(judged), each.outcome) << each.name << ": " << judged.detail;
  }
}

TEST(verdict, a_refusal_says_what_was_shown_what_to_do_and_which_alert) {
  for (const auto& each : states()) {
    const auto judged = each.judged();
    if (judged) continue;
    EXPECT_EQ(judged.who, nullptr) << each.name;
    EXPECT_GT(judged.detail.size(), 30U) << each.name;
    EXPECT_EQ(judged.alert, alert_for(*judged.refused)) << each.name;
    EXPECT_NE(judged.verify_error, X509_V_OK) << each.name;
    ASSERT_FALSE(judged.presented.empty()) << each.name;
    EXPECT_THAT(judged.presented.front().subject, HasSubstr("O=Acme")) << each.name;
    EXPECT_THAT(judged.detail, testing::Not(HasSubstr("unknown error"))) << each.name;
  }
}

TEST(verdict, a_good_chain_gives_the_peer_and_how_long_it_holds) {
  const auto client = alice();
  const auto judged = judge(root_only(), sent(client));
  ASSERT_TRUE(judged) << judged.detail;
  EXPECT_EQ(judged.who->name(), "alice");
  EXPECT_THAT(judged.who->chain(), ElementsAre(client.der(), acme().intermediate.der(), acme().root.der()));
  EXPECT_FALSE(judged.alert);
  EXPECT_EQ(judged.verify_error, X509_V_OK);
  EXPECT_EQ(judged.holds.who, judged.who);
  EXPECT_EQ(judged.holds.generation, 1U);
  EXPECT_EQ(judged.holds.until, judged.who->not_after() + 1s);
}

TEST(verdict, nothing_sent_is_no_certificate) {
  const auto judged = tls::judge(*test::make_trust(root_only()), nullptr, nullptr);
  EXPECT_EQ(outcome(judged), "no_certificate");
  EXPECT_EQ(judged.alert, 116);
}

TEST(verdict, leaves_nothing_in_openssls_error_queue) {
  ERR_clear_error();
  for (const auto& each : states()) (void)each.judged();
  EXPECT_EQ(ERR_peek_error(), 0U);
}

// ---- anchors, intermediates, pins, hints

TEST(verdict, an_intermediate_in_the_trust_completes_chains) {
  const trusting by{.trusted = {acme().root, acme().intermediate}};
  const auto judged = judge(by, {alice()});
  ASSERT_TRUE(judged) << judged.detail;
  EXPECT_EQ(judged.who->chain().back(), acme().root.der());
}

TEST(verdict, an_intermediate_alone_in_the_trust_is_an_anchor) {
  const trusting by{.trusted = {acme().intermediate}};
  const auto judged = judge(by, {alice()});
  ASSERT_TRUE(judged) << judged.detail;
  EXPECT_EQ(judged.who->chain().back(), acme().intermediate.der());
  // Others of the same root are strangers.
  const auto other = issue(acme().root, test::intermediate_spec("Other Intermediate"));
  EXPECT_EQ(outcome(judge(by, {issue(other, test::client_spec()), other})), "unknown_issuer");
}

TEST(verdict, a_known_intermediate_is_never_believed) {
  // Known and sent makes a chain; known alone only makes the reason clearer.
  const auto rogue = self_signed(test::root_spec("Rogue"));
  const trusting by{.trusted = {acme().root}, .hints = {acme().intermediate, rogue}};
  EXPECT_EQ(outcome(judge(by, sent(alice()))), "good");
  EXPECT_EQ(outcome(judge(by, {alice()})), "intermediate_missing");
  EXPECT_EQ(outcome(judge(by, {issue(rogue, test::client_spec())})), "unknown_issuer");
  EXPECT_EQ(outcome(judge(by, {issue(rogue, test::client_spec()), rogue})), "unknown_issuer");
}

TEST(verdict, intermediate_missing_is_not_told_of_somebody_elses_certificate) {
  // The name and key identifier of the known intermediate, but not its signature.
  const auto forger =
      identity(acme().intermediate.certificate() != nullptr ? test::parsed(acme().intermediate) : nullptr,
               test::make_p256_key());
  const trusting by{.trusted = {acme().root}, .hints = {acme().intermediate}};
  EXPECT_EQ(outcome(judge(by, {issue(forger, test::client_spec())})), "unknown_issuer");
  EXPECT_EQ(outcome(judge(by, {issue(forger, test::client_spec()), acme().intermediate})), "bad_signature");
}

TEST(verdict, a_pinned_certificate_is_let_in_and_no_other_of_its_name) {
  const auto tutorial = self_signed(test::tutorial_spec("client"));
  const trusting by{.trusted = {tutorial}};
  const auto judged = judge(by, {tutorial});
  ASSERT_TRUE(judged) << judged.detail;
  EXPECT_EQ(judged.who->name(), "client");
  EXPECT_THAT(judged.who->chain(), ElementsAre(tutorial.der()));

  EXPECT_EQ(outcome(judge(by, {self_signed(test::tutorial_spec("client"))})), "self_signed");
  auto same_key = test::tutorial_spec("client");
  same_key.with = tutorial.shared_key();
  EXPECT_EQ(outcome(judge(by, {self_signed(same_key)})), "self_signed");
}

TEST(verdict, a_pinned_certificate_can_issue_nothing) {
  const auto tutorial = self_signed(test::tutorial_spec("client"));
  const auto judged = judge(trusting{.trusted = {tutorial}}, {issue(tutorial, test::client_spec()), tutorial});
  EXPECT_EQ(outcome(judged), "constraint_violated");
  EXPECT_THAT(judged.detail, AllOf(HasSubstr("pinned"), HasSubstr("keyCertSign")));
}

TEST(verdict, a_pin_is_still_judged_for_dates_purpose_and_key) {
  const auto judge_pin = [](const spec& contents) {
    const auto pinned = self_signed(contents);
    return outcome(judge(trusting{.trusted = {pinned}}, {pinned}));
  };
  EXPECT_EQ(judge_pin(test::client_spec()), "good");
  EXPECT_EQ(judge_pin(ended(test::client_spec())), "expired");
  EXPECT_EQ(judge_pin(beginning(test::client_spec())), "not_yet_valid");
  EXPECT_EQ(judge_pin(test::server_spec()), "wrong_purpose");
  EXPECT_EQ(judge_pin(client_with([](spec& it) { it.key_usage = "critical,keyAgreement"; })), "wrong_purpose");
  EXPECT_EQ(judge_pin(client_with([](spec& it) { it.with = test::make_rsa_key(1024); })), "weak_key");
  EXPECT_EQ(judge_pin(client_with([](spec& it) {
              it.more = {{"1.2.3.4.5", "critical,DER:0500"}};
            })),
            "constraint_violated");
}

TEST(verdict, a_pin_that_was_issued_by_a_ca_does_not_make_the_ca_trusted) {
  const auto pinned = alice();
  const trusting by{.trusted = {pinned}};
  EXPECT_EQ(outcome(judge(by, sent(pinned))), "good");
  EXPECT_EQ(outcome(judge(by, sent(alice()))), "unknown_issuer");
}

TEST(verdict, a_pin_that_a_configured_list_names_is_revoked) {
  const auto pinned = alice();
  trusting by{.trusted = {pinned}, .revocations = {test::make_crl(acme().intermediate, {.revoked = {pinned}})}};
  EXPECT_EQ(outcome(judge(by, sent(pinned))), "revoked");
  by.revocations = {test::make_crl(acme().intermediate)};
  EXPECT_EQ(outcome(judge(by, sent(pinned))), "good");
  by.revocations = {test::make_crl(acme().intermediate, {.begins_in = -day * 2, .ends_in = -day})};
  EXPECT_EQ(outcome(judge(by, sent(pinned))), "revocation_stale");
  by.revocations = {test::make_crl(acme().root)};
  EXPECT_EQ(outcome(judge(by, sent(pinned))), "good") << "lists of other CAs say nothing about a pin";
}

TEST(verdict, certificates_may_be_sent_in_any_order_and_more_than_needed) {
  const auto stranger = self_signed(test::root_spec("Stranger"));
  const auto client = alice();
  EXPECT_EQ(outcome(judge(root_only(), {client, stranger, acme().root, acme().intermediate, client})), "good");
}

TEST(verdict, another_path_is_found_when_the_first_is_bad) {
  // The CA's certificate was renewed with the same key: the old, ended one is sent first.
  auto renewed = ended(test::intermediate_spec());
  renewed.with = acme().intermediate.shared_key();
  const auto old = issue(acme().root, renewed);
  EXPECT_EQ(outcome(judge(root_only(), {alice(), old, acme().intermediate})), "good");
  EXPECT_EQ(outcome(judge(root_only(), {alice(), old})), "expired");
}

// ---- the other reasons

TEST(verdict, weak_keys_and_digests_are_refused_wherever_they_stand) {
  for (const auto& weak : {test::make_rsa_key(1024), test::make_ec_key("P-224")}) {
    EXPECT_EQ(outcome(judge(root_only(), sent(alice(client_with([&](spec& it) { it.with = weak; }))))), "weak_key");
    auto ca = test::intermediate_spec();
    ca.with = weak;
    const auto intermediate = issue(acme().root, ca);
    EXPECT_EQ(outcome(judge(root_only(), {issue(intermediate, test::client_spec()), intermediate})), "weak_key");
  }
  EXPECT_EQ(outcome(judge(root_only(), sent(alice(client_with([](spec& it) { it.digest = "SHA1"; }))))), "weak_key");
}

TEST(verdict, a_key_with_which_everybody_can_sign_is_weak_wherever_it_stands) {
  for (const auto& open : {test::make_rsa_key_of("1"), test::make_rsa_key_of("2"), test::make_rsa_key_of("3"),
                           test::make_rsa_key_of("10001", 2), test::make_ed25519_identity()}) {
    const auto judged = judge(root_only(), sent(alice(client_with([&](spec& it) { it.with = open; }))));
    EXPECT_EQ(outcome(judged), "weak_key") << judged.detail;
    const auto pin = alice(client_with([&](spec& it) { it.with = open; }));
    const bool is_small = judged.detail.find("exponent 3,") != std::string::npos;
    EXPECT_EQ(outcome(judge(trusting{.trusted = {pin}}, {pin})), is_small ? "good" : "weak_key");
  }
  auto ca = test::intermediate_spec();
  ca.with = test::make_rsa_key_of_one();
  const auto intermediate = issue(acme().root, ca);
  const auto client = issue(intermediate, test::client_spec());
  EXPECT_EQ(outcome(judge(root_only(), {client, intermediate})), "weak_key");
  EXPECT_EQ(outcome(judge(trusting{.trusted = {intermediate}}, {client, intermediate})), "weak_key");
}

TEST(verdict, strong_keys_of_every_usual_kind_are_good) {
  for (const auto& strong : {test::make_p384_key(), test::make_ed25519_key(), test::make_rsa_key(2048)}) {
    const auto judged = judge(root_only(), sent(alice(client_with([&](spec& it) { it.with = strong; }))));
    EXPECT_EQ(outcome(judged), "good") << judged.detail;
  }
}

TEST(verdict, a_certificate_that_is_no_ca_issues_nothing) {
  const auto eve = alice();
  const auto forged = issue(eve, test::client_spec("admin"));
  const auto judged = judge(root_only(), {forged, eve, acme().intermediate});
  EXPECT_EQ(outcome(judged), "constraint_violated") << judged.detail;
}

TEST(verdict, a_path_longer_than_its_ca_allows_is_refused) {
  const auto below = issue(acme().intermediate, test::intermediate_spec("Below"));
  const auto judged = judge(root_only(), {issue(below, test::client_spec()), below, acme().intermediate});
  EXPECT_EQ(outcome(judged), "constraint_violated") << judged.detail;
}

TEST(verdict, an_unknown_critical_extension_is_refused) {
  const auto judged = judge(root_only(), sent(alice(client_with([](spec& it) {
                              it.more = {{"1.2.3.4.5", "critical,DER:0500"}};
                            }))));
  EXPECT_EQ(outcome(judged), "constraint_violated") << judged.detail;
  EXPECT_EQ(outcome(judge(root_only(), sent(alice(client_with([](spec& it) {
                            it.more = {{"1.2.3.4.5", "DER:0500"}};
                          }))))),
            "good");
}

TEST(verdict, extensions_that_cannot_be_read_or_stand_there_twice_are_malformed) {
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"basicConstraints", "critical,CA:FALSE"}, {"nameConstraints", "DER:3003"}}) {
    const auto judged = judge(root_only(), sent(alice(client_with([&](spec& it) { it.more = {{name, value}}; }))));
    EXPECT_EQ(outcome(judged), "malformed") << name << ": " << judged.detail;
  }
}

TEST(verdict, names_that_no_two_programs_read_alike_are_malformed) {
  const auto judged = judge(root_only(), sent(alice(client_with([](spec& it) {
                              it.common_name = std::string("admin\0.evil", 11);
                              it.alternative_names.clear();
                            }))));
  EXPECT_EQ(outcome(judged), "malformed");
  EXPECT_THAT(judged.detail, HasSubstr("admin\\x00.evil"));
}

TEST(verdict, name_constraints_bind_every_name_and_every_name_a_wildcard_stands_for) {
  struct row {
    std::string constraints, names, outcome;
  };
  for (const auto& [constraints, names, expected] : std::vector<row>{
           {"critical,permitted;DNS:example.com", "DNS:a.example.com", "good"},
           {"critical,permitted;DNS:example.com", "DNS:example.org", "constraint_violated"},
           {"critical,permitted;DNS:example.com", "DNS:*.example.com", "good"},
           {"critical,permitted;DNS:a.example.com", "DNS:*.example.com", "constraint_violated"},
           {"critical,excluded;DNS:a.example.com", "DNS:*.example.com", "constraint_violated"},
           {"critical,excluded;DNS:a.example.com", "DNS:b.example.com", "good"},
           {"critical,excluded;DNS:example.com", "DNS:*.a.example.com", "constraint_violated"},
           {"permitted;DNS:example.com", "DNS:a.example.com", "constraint_violated"},
           {"critical,permitted;DNS:.example.com", "DNS:a.example.com", "constraint_violated"},
           {"critical,permitted;email:acme.example", "email:a@acme.example", "good"},
           {"critical,permitted;email:acme.example", "email:a@other.example", "constraint_violated"},
       }) {
    auto ca = test::intermediate_spec("Constrained");
    ca.name_constraints = constraints;
    const auto intermediate = issue(acme().root, ca);
    const auto judged = judge(root_only(), {issue(intermediate, client_with([&, &n = names](spec& it) {
                                                    it.common_name = "bob";
                                                    it.alternative_names = n;
                                                  })),
                                            intermediate});
    EXPECT_EQ(outcome(judged), expected) << constraints << " " << names << ": " << judged.detail;
  }
}

TEST(verdict, a_key_that_may_not_sign_is_no_key_for_tls) {
  const auto judged =
      judge(root_only(), sent(alice(client_with([](spec& it) { it.key_usage = "critical,keyAgreement"; }))));
  EXPECT_EQ(outcome(judged), "wrong_purpose");
  EXPECT_THAT(judged.detail, HasSubstr("digitalSignature"));
}

TEST(verdict, a_servers_certificate_is_judged_for_servers_and_for_its_name) {
  const auto judged_for = [](const std::string& host, const identity& leaf) {
    return judge(root_only(), sent(leaf), {.use = purpose::server, .host = host});
  };
  const auto& server = acme().server;
  for (const auto* host : {"localhost", "LOCALHOST", "127.0.0.1", "::1", ""}) {
    EXPECT_EQ(outcome(judged_for(host, server)), "good") << host;
  }
  for (const auto* host : {"localhost.evil", "127.0.0.2", "acme.example"}) {
    const auto judged = judged_for(host, server);
    EXPECT_EQ(outcome(judged), "wrong_purpose") << host;
    EXPECT_THAT(judged.detail, AllOf(HasSubstr("localhost"), HasSubstr(host)));
  }
  EXPECT_EQ(outcome(judged_for("localhost", alice())), "wrong_purpose");
  const auto no_names = alice(client_with([](spec& it) {
    it.common_name = "localhost";
    it.extended_key_usage = "serverAuth";
    it.alternative_names.clear();
  }));
  EXPECT_EQ(outcome(judged_for("localhost", no_names)), "wrong_purpose") << "a common name is no host name (RFC 9525)";
}

TEST(verdict, dates_are_inclusive_at_both_ends) {
  const auto client = alice();
  const auto by = test::make_trust(root_only());
  const auto value = test::value_of(client);
  const auto at = [&](sys_seconds time) { return outcome(judge(*by, sent(client), {.at = time})); };
  EXPECT_EQ(at(value.not_after()), "good");
  EXPECT_EQ(at(value.not_after() + 1s), "expired");
  EXPECT_EQ(at(value.not_before() - 1s), "not_yet_valid");
}

// ---- what a hostile chain may cost

verdict judged_quickly(const trusting& by, const std::vector<identity>& chain) {
  const auto prepared = test::make_trust(by);
  const auto began = std::chrono::steady_clock::now();
  auto judged = judge(*prepared, chain);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
  return judged;
}

TEST(verdict, a_chain_of_a_hundred_certificates_is_not_looked_at) {
  auto contents = test::root_spec("Same");
  contents.with = test::make_p256_key();
  std::vector<identity> chain{alice()};
  for (int at = 0; at < 100; ++at) chain.push_back(issue(acme().root, contents));
  const auto judged = judged_quickly(root_only(), chain);
  EXPECT_EQ(outcome(judged), "constraint_violated");
  EXPECT_THAT(judged.detail, HasSubstr("101 certificates"));
  EXPECT_EQ(judged.presented.size(), verdict::most_presented);
}

TEST(verdict, certificates_of_many_kilobytes_are_not_looked_at) {
  auto contents = test::client_spec();
  contents.more = {{"1.2.3.4.5", "DER:0483020000" + std::string(2 * 0x20000, '0')}};
  const auto judged = judged_quickly(root_only(), sent(alice(contents)));
  EXPECT_EQ(outcome(judged), "constraint_violated");
  EXPECT_THAT(judged.detail, HasSubstr("bytes"));
}

TEST(verdict, a_maze_of_certificates_that_all_issue_each_other_is_given_up) {
  // Every one of these could have issued every other, by name.
  auto contents = test::root_spec("Maze");
  contents.authority_key_id = false;
  contents.subject_key_id = false;
  std::vector<identity> maze;
  const auto start = self_signed(contents);
  for (int at = 0; at < 30; ++at) maze.push_back(issue(start, contents));
  auto client = test::client_spec();
  client.authority_key_id = false;
  maze.insert(maze.begin(), issue(start, client));
  const auto judged = judged_quickly(root_only(), maze);
  EXPECT_EQ(outcome(judged), "constraint_violated") << judged.detail;
}

TEST(verdict, a_huge_rsa_key_is_refused_before_it_is_used) {
  const auto huge = client_with([](spec& it) { it.with = test::make_rsa_public_key(16384); });
  const auto judged = judged_quickly(root_only(), sent(alice(huge)));
  EXPECT_EQ(outcome(judged), "constraint_violated");
  EXPECT_THAT(judged.detail, HasSubstr("16384 bits"));
  auto ca = test::intermediate_spec("Huge");
  ca.with = test::make_rsa_public_key(16384);
  const auto intermediate = issue(acme().root, ca);
  const identity pretended(test::parsed(intermediate), test::make_rsa_key(2048));
  EXPECT_EQ(outcome(judged_quickly(root_only(), {issue(pretended, test::client_spec()), intermediate})),
            "constraint_violated");
}

TEST(verdict, thousands_of_names_under_hundreds_of_constraints_are_not_compared) {
  auto ca = test::intermediate_spec("Constrained");
  ca.name_constraints = "critical";
  for (int at = 0; at < 300; ++at) ca.name_constraints += ",permitted;DNS:a" + std::to_string(at) + ".example";
  const auto intermediate = issue(acme().root, ca);
  const auto many = client_with([](spec& it) {
    it.alternative_names = "DNS:x.example";
    for (int at = 0; at < 900; ++at) it.alternative_names += ",DNS:x.a" + std::to_string(at % 300) + ".example";
  });
  const auto judged = judged_quickly(root_only(), {issue(intermediate, many), intermediate});
  EXPECT_EQ(outcome(judged), "constraint_violated");
  EXPECT_THAT(judged.detail, HasSubstr("comparisons"));
}

// ---- which of several faults is told

TEST(verdict, of_several_faults_the_most_fundamental_is_told) {
  struct row {
    std::string name;
    std::function<verdict()> judged;
    std::string outcome;
  };
  const auto other = self_signed(test::root_spec("Other Root"));
  const auto expired_server = ended(test::server_spec());
  for (const auto& [name, judged, expected] : std::vector<row>{
           {"expired, unknown issuer", [&] { return judge(root_only(), {issue(other, ended(test::client_spec()))}); },
            "unknown_issuer"},
           {"expired, self-signed", [] { return judge(root_only(), {self_signed(ended(test::client_spec()))}); },
            "self_signed"},
           {"expired, tampered",
            [] { return judge(root_only(), sent(test::tampered(alice(ended(test::client_spec()))))); },
            "bad_signature"},
           {"expired, weak key",
            [] {
              return judge(root_only(),
                           sent(alice(ended(client_with([](spec& it) { it.with = test::make_rsa_key(1024); })))));
            },
            "weak_key"},
           {"expired, revoked",
            [] {
              const auto mallory = alice(ended(test::client_spec()));
              return judge(with_crls({mallory}), sent(mallory));
            },
            "revoked"},
           {"expired, wrong purpose", [&] { return judge(root_only(), sent(alice(expired_server))); }, "wrong_purpose"},
           {"expired, stale list",
            [] {
              auto by = with_crls();
              by.revocations[1] = test::make_crl(acme().intermediate, {.begins_in = -day * 9, .ends_in = -day});
              return judge(by, sent(alice(ended(test::client_spec()))));
            },
            "expired"},
           {"stale list, missing list",
            [] {
              auto by = with_crls();
              by.revocations = {test::make_crl(acme().intermediate, {.begins_in = -day * 9, .ends_in = -day})};
              return judge(by, sent(alice()));
            },
            "revocation_stale"},
       }) {
    const auto got = judged();
    EXPECT_EQ(outcome(got), expected) << name << ": " << got.detail;
  }
}

}  // namespace
}  // namespace mutual::tls
