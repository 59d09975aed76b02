// Refusals as they really come: from OpenSSL's own server, over TLS 1.2 and 1.3, seen by the client.

#include "client/live.hpp"

#include <openssl/x509_vfy.h>

namespace mutual::client {
namespace {

using namespace mutual::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int both_versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

std::string name_of(int version) { return version == TLS1_2_VERSION ? "TLS 1.2" : "TLS 1.3"; }

// One GET to a server of those terms.
exchange meet(const pki& keys, const tls_terms& terms, options how, const std::string& host = "localhost") {
  const auto context = server_side(keys.server, terms);
  one_server server([&](int fd) {
    tls_session session(context.get(), fd);
    if (!session.good()) return drain(fd);
    session.read_head();
    session.write(hello);
    session.say_goodbye();
    drain(fd);
  });
  return test::get("https://" + host + ":" + std::to_string(server.port()) + "/", std::move(how));
}

options client_of(const pki& keys) { return presenting({keys.root}, presentable(keys.client, {keys.intermediate})); }

const diagnosis& refusal_of(const exchange& done) {
  static const diagnosis none;
  EXPECT_TRUE(done.failure);
  EXPECT_TRUE(done.report.refusal) << (done.failure ? done.failure->message() : "");
  return done.report.refusal ? *done.report.refusal : none;
}

TEST(refusal, without_a_certificate_the_reason_is_no_certificate_and_the_fault_ours) {
  const auto keys = make_pki();
  for (const int version : both_versions) {
    SCOPED_TRACE(name_of(version));
    const tls_terms terms{.version = version, .require = true, .names = {keys.root}, .chain = {keys.intermediate}};
    const auto done = meet(keys, terms, trusting_only({keys.root}));
    const auto& why = refusal_of(done);
    EXPECT_THAT(why.reasons, ElementsAre(reason::no_certificate));
    EXPECT_EQ(why.fault, culprit::client);
    EXPECT_FALSE(why.by_us);
    EXPECT_THAT(why.clue, HasSubstr("CN=Acme Root"));
    EXPECT_THAT(why.fix, HasSubstr("--cert"));
    EXPECT_EQ(done.report.finished, version == TLS1_3_VERSION);
    EXPECT_TRUE(done.report.asked);
    EXPECT_FALSE(done.report.presented);
  }
}

TEST(refusal, a_certificate_that_is_asked_for_is_presented) {
  const auto keys = make_pki();
  for (const int version : both_versions) {
    SCOPED_TRACE(name_of(version));
    const tls_terms terms{.version = version, .require = true, .names = {keys.root}, .chain = {keys.intermediate}};
    const auto done = meet(keys, terms, client_of(keys));
    ASSERT_FALSE(done.failure) << done.failure->message();
    EXPECT_EQ(done.answer->body, "hello\n");
    EXPECT_TRUE(done.report.presented);
    ASSERT_TRUE(done.report.asked);
    EXPECT_THAT(done.report.asked->issuers, ElementsAre(HasSubstr("CN=Acme Root")));
    EXPECT_TRUE(done.report.asked->names_our_issuer);
    EXPECT_THAT(done.report.asked->signature_algorithms, ::testing::Contains("ecdsa_secp256r1_sha256"));
    EXPECT_EQ(done.report.server_chain.size(), 2U);
  }
}

TEST(refusal, a_certificate_is_presented_to_nobody_who_does_not_ask) {
  const auto keys = make_pki();
  const auto done = meet(keys, {.chain = {keys.intermediate}}, client_of(keys));
  ASSERT_FALSE(done.failure) << done.failure->message();
  EXPECT_FALSE(done.report.presented);
  EXPECT_FALSE(done.report.asked);
}

struct refused_with {
  int verify_error;
  int alert;
  std::vector<reason> reasons;
  culprit fault;
};

TEST(refusal, each_of_openssls_alerts_is_told_by_its_reason_under_both_versions) {
  const auto keys = make_pki();
  const std::vector<refused_with> cases{
      {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 48, {reason::unknown_issuer}, culprit::client},
      {X509_V_ERR_CERT_REVOKED, 44, {reason::revoked}, culprit::client},
      {X509_V_ERR_INVALID_PURPOSE, 43, {reason::wrong_purpose}, culprit::client},
      {X509_V_ERR_CERT_HAS_EXPIRED,
       45,
       {reason::expired, reason::not_yet_valid, reason::revocation_stale},
       culprit::unknown},
      {X509_V_ERR_DIFFERENT_CRL_SCOPE, 46, {reason::revocation_unknown, reason::revocation_stale}, culprit::server},
      {X509_V_ERR_CERT_REJECTED,
       42,
       {reason::bad_signature, reason::malformed, reason::constraint_violated, reason::weak_key},
       culprit::client},
  };
  for (const auto& each : cases) {
    for (const int version : both_versions) {
      SCOPED_TRACE(name_of(version) + " alert " + std::to_string(each.alert));
      const tls_terms terms{.version = version,
                            .require = true,
                            .refuse_with = each.verify_error,
                            .names = {keys.root},
                            .chain = {keys.intermediate}};
      const auto done = meet(keys, terms, client_of(keys));
      const auto& why = refusal_of(done);
      EXPECT_EQ(why.alert, each.alert);
      EXPECT_EQ(why.reasons, each.reasons);
      EXPECT_EQ(why.fault, each.fault);
      EXPECT_EQ(done.report.finished, version == TLS1_3_VERSION);
      EXPECT_THAT(why.sentence, HasSubstr(version == TLS1_3_VERSION ? "after the handshake" : "in the middle"));
    }
  }
}

TEST(refusal, our_own_dates_tell_expired_from_not_yet_valid) {
  auto keys = make_pki();
  auto late = client_spec();
  late.begins_in = -std::chrono::hours(48);
  late.ends_in = -std::chrono::hours(24);
  auto early = client_spec();
  early.begins_in = std::chrono::hours(24);
  for (const auto& [contents, expected] : {std::pair{late, reason::expired}, std::pair{early, reason::not_yet_valid}}) {
    const auto own = issue(keys.intermediate, contents);
    const tls_terms terms{.require = true, .refuse_with = X509_V_ERR_CERT_HAS_EXPIRED, .chain = {keys.intermediate}};
    const auto done = meet(keys, terms, presenting({keys.root}, presentable(own, {keys.intermediate})));
    EXPECT_THAT(refusal_of(done).reasons, ElementsAre(expected));
    EXPECT_EQ(refusal_of(done).fault, culprit::client);
    EXPECT_THAT(refusal_of(done).clue, HasSubstr("CN=alice"));
  }
}

TEST(refusal, an_unknown_ca_is_told_apart_by_what_we_sent_and_what_the_server_names) {
  const auto keys = make_pki();
  const auto other = make_pki();
  const auto self = self_signed(tutorial_spec("me"));
  const tls_terms terms{.require = true,
                        .refuse_with = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                        .names = {keys.root},
                        .chain = {keys.intermediate}};
  const auto reasons = [&](x509::identity own) {
    return refusal_of(meet(keys, terms, presenting({keys.root}, std::move(own)))).reasons;
  };
  EXPECT_THAT(reasons(presentable(self)), ElementsAre(reason::self_signed));
  EXPECT_THAT(reasons(presentable(keys.client)), ElementsAre(reason::intermediate_missing));
  EXPECT_THAT(reasons(presentable(other.client, {other.intermediate})), ElementsAre(reason::unknown_issuer));
  auto stranger = intermediate_spec("Somebody else");
  const auto lone = issue(issue(other.root, stranger), client_spec());
  EXPECT_THAT(reasons(presentable(lone)), ElementsAre(reason::intermediate_missing, reason::unknown_issuer));
}

TEST(refusal, a_key_that_the_server_accepts_no_signature_of_is_not_presented_and_says_so) {
  const auto keys = make_pki();
  const tls_terms terms{.require = true, .chain = {keys.intermediate}, .signature_algorithms = "rsa_pss_rsae_sha256"};
  const auto done = meet(keys, terms, client_of(keys));
  EXPECT_THAT(refusal_of(done).reasons, ElementsAre(reason::no_common_cipher));
  EXPECT_THAT(refusal_of(done).clue, AllOf(HasSubstr("P-256"), HasSubstr("rsa_pss_rsae_sha256")));
}

// As late as can be: the server asks only when it has read the request, and refuses then (RFC 8446 section 4.6.2).
TEST(refusal, an_alert_after_the_request_is_still_read) {
  const auto keys = make_pki();
  const tls_terms silent{.chain = {keys.intermediate}};
  const tls_terms asking{.require = true, .refuse_with = X509_V_ERR_CERT_REVOKED};
  const auto context = server_side(keys.server, silent);
  SSL_CTX_set_cert_verify_callback(context.get(), refuse, const_cast<tls_terms*>(&asking));
  one_server server([&](int fd) {
    tls_session session(context.get(), fd);
    session.read_head();
    SSL_set_verify(session.native(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    EXPECT_EQ(SSL_verify_client_post_handshake(session.native()), 1);
    EXPECT_EQ(SSL_do_handshake(session.native()), 1);
    session.read_head();
    drain(fd);
  });
  const auto done = test::get(server.url("https"), client_of(keys));
  EXPECT_THAT(refusal_of(done).reasons, ElementsAre(reason::revoked));
  EXPECT_TRUE(done.report.presented);
  EXPECT_TRUE(done.report.asked);
}

TEST(refusal, a_server_that_closes_without_a_word_after_it_asked_is_told_as_that) {
  const auto keys = make_pki();
  const auto close_at_once = [&](const tls_terms& terms, options how) {
    const auto context = server_side(keys.server, terms);
    one_server server([&](int fd) {
      tls_session session(context.get(), fd);
      session.read_head();
      session.say_goodbye();
      drain(fd);
    });
    return test::get(server.url("https"), std::move(how));
  };
  const tls_terms asking{.ask = true, .chain = {keys.intermediate}};
  const auto with_one = close_at_once(asking, client_of(keys));
  EXPECT_THAT(refusal_of(with_one).sentence, HasSubstr("without saying why"));
  EXPECT_THAT(refusal_of(with_one).reasons, ElementsAre());
  EXPECT_EQ(refusal_of(with_one).fault, culprit::unknown);
  EXPECT_THAT(refusal_of(with_one).clue, HasSubstr("its log says"));
  EXPECT_THAT(refusal_of(close_at_once(asking, trusting_only({keys.root}))).reasons,
              ElementsAre(reason::no_certificate));
  // Not asked, not our certificate's fault.
  EXPECT_FALSE(close_at_once({.chain = {keys.intermediate}}, client_of(keys)).report.refusal);
}

TEST(refusal, an_alert_in_clear_text_is_told_by_its_reason) {
  const std::vector<std::pair<int, std::vector<reason>>> cases{
      {40, {reason::no_common_cipher}},
      {49, {reason::policy_denied}},
      {51, {reason::proof_failed}},
      {70, {reason::no_common_protocol}},
      {71, {reason::no_common_cipher}},
      {80, {}},
      {86, {reason::no_common_protocol}},
      {120, {reason::no_common_protocol}},
      {112, {}},
      {200, {}},
  };
  for (const auto& [alert, reasons] : cases) {
    SCOPED_TRACE(alert);
    one_server server([code = alert](int fd) {
      char bytes[2048];
      EXPECT_GT(::read(fd, bytes, sizeof bytes), 0);
      std::string record("\x15\x03\x03\x00\x02\x02", 6);
      record += static_cast<char>(code);
      write_plain(fd, record);
      drain(fd);
    });
    const auto done = test::get(server.url("https"), trusting_only({make_pki().root}));
    EXPECT_EQ(refusal_of(done).alert, alert);
    EXPECT_EQ(refusal_of(done).reasons, reasons);
  }
}

TEST(refusal, two_hundred_in_a_row_each_say_why) {
  const auto keys = make_pki();
  for (const int version : both_versions) {
    const tls_terms terms{
        .version = version, .require = true, .refuse_with = X509_V_ERR_CERT_REVOKED, .chain = {keys.intermediate}};
    const auto context = server_side(keys.server, terms);
    // Closes at once, with whatever we have sent unread: the kernel resets the connection.
    one_server server([&](int fd) { const tls_session session(context.get(), fd); });
    const auto how = client_of(keys);
    int told = 0;
    for (int count = 0; count < 200; ++count) {
      const auto done = test::get(server.url("https"), how);
      told += done.report.refusal && done.report.refusal->alert == 44 ? 1 : 0;
    }
    EXPECT_EQ(told, 200) << name_of(version);
  }
}

TEST(refusal, of_a_server_that_our_trust_does_not_know) {
  const auto keys = make_pki();
  const auto done = meet(keys, {.chain = {keys.intermediate}}, trusting_only({self_signed(root_spec("Other Root"))}));
  const auto& why = refusal_of(done);
  EXPECT_TRUE(why.by_us);
  EXPECT_THAT(why.reasons, ElementsAre(reason::unknown_issuer));
  EXPECT_THAT(why.sentence, HasSubstr("the test's trust"));
  EXPECT_THAT(why.fix, HasSubstr("--trust"));
}

TEST(refusal, of_a_server_whose_certificate_is_for_another_name) {
  const auto keys = make_pki();
  const auto elsewhere = [&](spec contents) {
    pki changed = keys;
    changed.server = issue(keys.intermediate, contents);
    return refusal_of(meet(changed, {.chain = {keys.intermediate}}, trusting_only({keys.root})));
  };
  auto contents = server_spec();
  contents.alternative_names = "DNS:elsewhere.example";
  const auto why = elsewhere(contents);
  EXPECT_THAT(why.reasons, ElementsAre(reason::wrong_purpose));
  EXPECT_THAT(why.clue, AllOf(HasSubstr("elsewhere.example"), HasSubstr("localhost")));
  // RFC 9525: the common name says "localhost", and does not count.
  contents.alternative_names = "";
  EXPECT_THAT(elsewhere(contents).clue, HasSubstr("no host at all"));
}

TEST(refusal, addresses_are_compared_with_addresses) {
  const auto keys = make_pki();
  EXPECT_FALSE(meet(keys, {.chain = {keys.intermediate}}, trusting_only({keys.root}), "127.0.0.1").failure);
  pki changed = keys;
  auto contents = server_spec();
  contents.alternative_names = "DNS:127.0.0.1,DNS:localhost";
  changed.server = issue(keys.intermediate, contents);
  const auto done = meet(changed, {.chain = {keys.intermediate}}, trusting_only({keys.root}), "127.0.0.1");
  EXPECT_THAT(refusal_of(done).reasons, ElementsAre(reason::wrong_purpose));
}

TEST(refusal, of_a_server_that_forgot_its_intermediate_expired_or_is_a_client) {
  const auto keys = make_pki();
  EXPECT_THAT(refusal_of(meet(keys, {}, trusting_only({keys.root}))).reasons, ElementsAre(reason::unknown_issuer));
  pki changed = keys;
  auto late = server_spec();
  late.begins_in = -std::chrono::hours(48);
  late.ends_in = -std::chrono::hours(24);
  changed.server = issue(keys.intermediate, late);
  const auto expired = meet(changed, {.chain = {keys.intermediate}}, trusting_only({keys.root}));
  EXPECT_THAT(refusal_of(expired).reasons, ElementsAre(reason::expired));
  EXPECT_EQ(refusal_of(expired).fault, culprit::server);
  auto contents = client_spec();
  contents.alternative_names = "DNS:localhost";
  changed.server = issue(keys.intermediate, contents);
  EXPECT_THAT(refusal_of(meet(changed, {.chain = {keys.intermediate}}, trusting_only({keys.root}))).reasons,
              ElementsAre(reason::wrong_purpose));
}

TEST(refusal, a_pinned_server_is_let_in_and_another_self_signed_one_is_not) {
  auto contents = tutorial_spec("localhost");
  contents.alternative_names = "DNS:localhost";
  pki keys = make_pki();
  keys.server = self_signed(contents);
  EXPECT_FALSE(meet(keys, {}, trusting_only({keys.server})).failure);
  const auto done = meet(keys, {}, trusting_only({make_pki().root}));
  EXPECT_THAT(refusal_of(done).reasons, ElementsAre(reason::self_signed));
}

TEST(refusal, any_server_is_accepted_if_asked_for_and_the_verdict_is_still_told) {
  const auto keys = make_pki();
  tls::client_settings settings;
  settings.servers = believing({self_signed(root_spec("Other Root"))});
  settings.accept_any_server = true;
  const auto done = meet(keys, {}, with(settings));
  ASSERT_FALSE(done.failure) << done.failure->message();
  EXPECT_TRUE(done.report.any_server_accepted);
  ASSERT_TRUE(done.report.server_verdict);
  EXPECT_EQ(done.report.server_verdict->refused, reason::unknown_issuer);
}

TEST(refusal, without_a_trust_the_systems_decides_and_does_not_know_our_ca) {
  const auto keys = make_pki();
  const auto done = meet(keys, {.chain = {keys.intermediate}}, with({}));
  EXPECT_THAT(refusal_of(done).reasons, ElementsAre(reason::unknown_issuer));
  const auto self = [] {
    pki one = make_pki();
    one.server = self_signed(tutorial_spec("localhost"));
    return one;
  }();
  EXPECT_THAT(refusal_of(meet(self, {}, with({}))).reasons, ElementsAre(reason::self_signed));
}

TEST(refusal, no_tls_version_in_common_is_told) {
  const auto keys = make_pki();
  tls::client_settings settings;
  settings.servers = believing({keys.root});
  settings.at_least = tls::version::v1_3;
  const auto done = meet(keys, {.version = TLS1_2_VERSION, .chain = {keys.intermediate}}, with(settings));
  EXPECT_THAT(refusal_of(done).reasons, ElementsAre(reason::no_common_protocol));
  EXPECT_EQ(refusal_of(done).fault, culprit::unknown);
}

TEST(refusal, a_chain_can_be_fetched_from_a_server_that_refuses_us) {
  const auto keys = make_pki();
  for (const int version : both_versions) {
    const tls_terms terms{.version = version, .require = true, .chain = {keys.intermediate}};
    const auto context = server_side(keys.server, terms);
    one_server server([&](int fd) {
      const tls_session session(context.get(), fd);
      drain(fd);
    });
    const auto chain = fetch_chain(to_url(server.url("https")));
    ASSERT_TRUE(chain) << chain.error().message();
    EXPECT_THAT(*chain, ElementsAre(cert_of(keys.server), cert_of(keys.intermediate)));
  }
  EXPECT_EQ(fetch_chain(to_url("http://localhost/")).error().code(), errc::bad_usage);
}

}  // namespace
}  // namespace mutual::client
