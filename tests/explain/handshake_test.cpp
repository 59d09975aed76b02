#include "explain/handshake.hpp"

#include "client/live_report.hpp"
#include "explain/handshake_json.hpp"
#include "explain/hierarchy.hpp"

#include <boost/json.hpp>

namespace mutual::explain {
namespace {

using namespace mutual::test;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(handshake_text, of_a_good_one_tells_the_three_steps) {
  EXPECT_EQ(handshake_text(good_report()), R"(The handshake with localhost:5000 (127.0.0.1:5000)
1. What was agreed
   TLS 1.3 with TLS_AES_256_GCM_SHA384
   keys exchanged over X25519
   http/1.1 is spoken (ALPN)
   a new session
2. Who proved what
   The server
     Acme Root: a CA, P-256, until 2036-11-20 12:00:00 UTC (10 years left), signed by itself, from the trust
     └─ Acme Intermediate: a CA, P-256, until 2036-11-20 12:00:00 UTC (10 years left)
        └─ localhost: a server for localhost, 127.0.0.1, ::1, P-256, until 2026-12-23 12:00:00 UTC (30 days left)
     It proved that it holds the key of this certificate, by a signature (ECDSA with SHA256).
     Judged by pki/trust.crt: good, and for localhost.
   We, the client
     asked by the server who we are; it takes certificates that lead to
       CN=Acme Root,O=Acme
     (CN=Acme Root,O=Acme: not sent; the server has it if it trusts it)
     └─ Acme Intermediate: a CA, P-256, until 2036-11-20 12:00:00 UTC (10 years left)
        └─ alice: a client for spiffe://acme/alice, P-256, until 2026-12-23 12:00:00 UTC (30 days left)
     We showed it and proved that we hold its key, by a signature.
     Judged by the server: it goes on with us.
3. What protects the data
   AES-256-GCM keeps it secret, and shows every change on the way (AEAD)
   its keys come from X25519, made for this connection alone and thrown away: who steals the server's key later cannot read what was recorded (forward secrecy)
)");
}

TEST(handshake_text, of_a_late_refusal_says_what_the_server_made_of_us) {
  auto report = good_report();
  report.refusal = client::diagnose_alert(48, report);
  EXPECT_THAT(handshake_text(report), HasSubstr("Judged by the server: refused: unknown_issuer.\n"));
}

TEST(handshake_text, of_a_server_that_we_refuse_ends_with_nothing) {
  auto report = good_report();
  report.finished = false;
  report.asked.reset();
  report.presented = false;
  report.server_verdict = tls::refusal(reason::unknown_issuer, "nobody here knows the issuer");
  report.refusal = client::diagnose_verdict(report);
  const auto text = handshake_text(report);
  EXPECT_THAT(text, HasSubstr("Judged by pki/trust.crt: unknown_issuer: nobody here knows the issuer.\n"));
  EXPECT_THAT(text, HasSubstr("(CN=Acme Root,O=Acme: not sent)\n     └─ Acme Intermediate"));
  EXPECT_THAT(text, HasSubstr("so our certificate was not shown.\n"));
  EXPECT_THAT(text, HasSubstr("nothing: there is no connection\n"));
}

TEST(handshake_text, of_one_that_did_not_begin_says_so) {
  client::handshake_report report;
  report.host = "localhost";
  report.port = 5000;
  report.at = moment();
  const auto text = handshake_text(report);
  EXPECT_THAT(text, HasSubstr("The handshake with localhost:5000\n"));
  EXPECT_THAT(text, HasSubstr("the handshake did not come that far"));
  EXPECT_THAT(text, HasSubstr("presented no certificate"));
}

TEST(handshake_text, of_plain_http_promises_nothing) {
  client::handshake_report report;
  report.host = "localhost";
  report.port = 80;
  report.secure = false;
  EXPECT_THAT(handshake_text(report), HasSubstr("nothing protects the data"));
}

TEST(handshake_text, says_that_an_accepted_server_was_judged_bad) {
  auto report = good_report();
  report.any_server_accepted = true;
  report.server_verdict = tls::refusal(reason::self_signed, "it is signed by itself");
  EXPECT_THAT(handshake_text(report), HasSubstr("not acted upon: --insecure accepts any server"));
  EXPECT_THAT(insecure_text(report), AllOf(HasSubstr("WARNING"), HasSubstr("without proof"),
                                           HasSubstr("would have been refused: self_signed: it is signed by itself")));
  EXPECT_THAT(insecure_text(good_report()), HasSubstr("leave --insecure out"));
}

TEST(handshake_text, is_safe_for_a_terminal_whatever_certificates_and_names_hold) {
  auto report = good_report();
  auto contents = fixed(client_spec("\x1b[2Jevil"));
  contents.alternative_names = "";
  report.own_chain = {cert_of(self_signed(contents))};
  report.asked->issuers = {"CN=\x1b]0;owned\x07"};
  report.host = "local\x1bhost";
  report.group = "\x1b[1m";
  report.protocol = "h\x1b";
  for (const auto& text :
       {handshake_text(report), insecure_text(report), refusal_text(client::diagnose_alert(48, report)),
        boost::json::serialize(handshake_json(report))}) {
    EXPECT_THAT(text, Not(HasSubstr("\x1b"))) << text;
    EXPECT_THAT(text, Not(HasSubstr("\x07"))) << text;
  }
}

TEST(refusal_text, names_reason_evidence_fault_and_fix) {
  auto report = good_report();
  report.presented = false;
  report.own_chain.clear();
  EXPECT_EQ(refusal_text(client::diagnose_alert(116, report)),
            "the server refused us with the alert certificate_required (116), after the handshake was complete for us "
            "(under TLS 1.3 a refusal comes that late)\n"
            "  reason  no_certificate: The client sent no certificate, and this service requires one.\n"
            "  seen    the server asked for a certificate, and we have none to present; it accepts certificates issued "
            "by CN=Acme Root,O=Acme\n"
            "  fault   the client's (ours)\n"
            "  fix     Client: present a certificate issued by a CA that the server trusts (mutual get: --cert FILE, "
            "and --key FILE if the key is in a file of its own).");
}

TEST(refusal_text, is_honest_about_an_alert_that_stands_for_several_reasons) {
  const auto text = refusal_text(client::diagnose_alert(46, good_report()));
  EXPECT_THAT(text, HasSubstr("\n  one of  revocation_unknown: "));
  EXPECT_THAT(text, HasSubstr("\n  or      revocation_stale: "));
  EXPECT_THAT(text, HasSubstr("others (Java's) say it of any certificate"));
  EXPECT_THAT(text, HasSubstr("\n  fault   the server's\n"));
}

TEST(refusal_text, of_our_own_refusal_says_what_we_saw) {
  auto report = good_report();
  report.server_verdict = tls::refusal(reason::expired, "'CN=localhost' ended on 2026-01-01");
  const auto text = refusal_text(client::diagnose_verdict(report));
  EXPECT_THAT(text, HasSubstr("we refused the server, judged by pki/trust.crt\n  reason  expired\n"));
  EXPECT_THAT(text, HasSubstr("'CN=localhost' ended on 2026-01-01"));
  EXPECT_THAT(text, HasSubstr("Server's operator: renew"));
}

TEST(hierarchy, puts_each_certificate_below_its_issuer_in_whatever_order_they_came) {
  const auto keys = fixed_pki();
  drawing of;
  of.at = moment();
  of.indent = "";
  of.leaf_first = {cert_of(keys.client), cert_of(keys.root), cert_of(keys.server), cert_of(keys.intermediate)};
  EXPECT_THAT(hierarchy(of), ::testing::MatchesRegex("Acme Root: .*\n└─ Acme Intermediate: .*\n   └─ alice: .*\n"
                                                     "besides, not part of this chain: CN=localhost,O=Acme\n"));
  of.leaf_first.clear();
  EXPECT_EQ(hierarchy(of), "");
}

TEST(hierarchy, says_what_has_ended_and_what_has_not_begun) {
  drawing of;
  of.at = moment();
  auto contents = fixed(client_spec());
  contents.ends_in = -std::chrono::hours(50);
  contents.begins_in = -std::chrono::hours(100);
  of.leaf_first = {cert_of(self_signed(contents))};
  EXPECT_THAT(hierarchy(of), HasSubstr("ENDED on 2026-11-21 10:00:00 UTC (2 days ago), signed by itself"));
  contents.begins_in = std::chrono::hours(50);
  contents.ends_in = std::chrono::hours(100);
  of.leaf_first = {cert_of(self_signed(contents))};
  EXPECT_THAT(hierarchy(of), HasSubstr("BEGINS only on 2026-11-25 14:00:00 UTC (in 2 days)"));
}

TEST(handshake_json, has_the_same_facts_by_stable_names) {
  auto report = good_report();
  report.refusal = client::diagnose_alert(44, report);
  const auto out = handshake_json(report);
  EXPECT_EQ(out.at("finished"), true);
  EXPECT_EQ(out.at("negotiated").at("version"), "TLSv1.3");
  EXPECT_EQ(out.at("server").at("verdict").at("good"), true);
  EXPECT_EQ(out.at("server").at("chain").at(0).at("subject"), "CN=localhost,O=Acme");
  EXPECT_EQ(out.at("client").at("asked"), true);
  EXPECT_EQ(out.at("client").at("acceptable_issuers").at(0), "CN=Acme Root,O=Acme");
  EXPECT_EQ(out.at("refusal").at("reasons").at(0), "revoked");
  EXPECT_EQ(out.at("refusal").at("by"), "server");
  EXPECT_EQ(out.at("refusal").at("fault"), "client");
  EXPECT_EQ(out.at("refusal").at("alert"), 44);
}

}  // namespace
}  // namespace mutual::explain
