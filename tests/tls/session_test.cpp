// What is taken up again, by whom, and what it is worth then.
#include "support/captured_log.hpp"
#include "support/judging.hpp"
#include "support/pki.hpp"
#include "support/service.hpp"
#include "support/tls_client.hpp"
#include "tls/server_context.hpp"
#include "tls/session_peer.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <chrono>
#include <sys/socket.h>
#include <thread>

namespace mutual::test {
namespace {

using tls::client_auth;

class session_of : public testing::TestWithParam<int> {
 protected:
  client_options as(const identity& who, const session& taken_up = nullptr) const {
    return {
        .version = GetParam(), .chain = {who, people().intermediate}, .server_name = "localhost", .session = taken_up};
  }
  client_options as_nobody(const session& taken_up = nullptr) const {
    return {.version = GetParam(), .server_name = "localhost", .session = taken_up};
  }
  const pki& people() const { return files_.people(); }

  // Until the server has seen the last of whoever was there.
  static void wait_until_left_by_all(const service& running) {
    for (int count = 0; count < 1000 && running->open_connections() != 0; ++count) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_EQ(running->open_connections(), 0U);
  }
  // OpenSSL's client forgets its own session too when something fails, but not a copy.
  static session copy_of(const session& one) { return {SSL_SESSION_dup(one.get()), SSL_SESSION_free}; }

  server_files files_{make_pki()};
  captured_log log_;
};

TEST_P(session_of, one_client_has_the_same_peer_when_it_is_resumed) {
  const service running(files_.config(client_auth::required, true), log_);
  const auto first = get(running.port(), as(people().client));
  ASSERT_EQ(first.status, 200);
  const auto fingerprint = value_of(people().client).sha256();
  EXPECT_EQ(first.body, "alice " + fingerprint + " full");
  auto last = first.session;
  for (int count = 0; count < 3; ++count) {
    ASSERT_NE(last, nullptr);
    // The certificate is not shown again, and could not be.
    const auto again = get(running.port(), as_nobody(last));
    EXPECT_TRUE(again.resumed);
    EXPECT_EQ(again.body, "alice " + fingerprint + " resumed");
    if (again.session) last = again.session;
  }
}

TEST_P(session_of, each_of_many_clients_keeps_its_own_peer) {
  auto options = options_for(log_, files_.config(client_auth::required));
  options.threads = 2;
  const service running(std::move(options));
  std::vector<std::pair<std::string, session>> sessions;
  for (int count = 0; count < 20; ++count) {
    const auto name = "client-" + std::to_string(count);
    const auto met = get(running.port(), as(issue(people().intermediate, client_spec(name))));
    ASSERT_TRUE(met.body.starts_with(name + " ")) << met.body;
    sessions.emplace_back(met.body.substr(0, met.body.rfind(' ')), met.session);
  }
  for (int round = 0; round < 3; ++round) {
    for (auto& [who, taken_up] : sessions) {
      const auto again = get(running.port(), as_nobody(taken_up));
      EXPECT_EQ(again.body, who + " resumed");
      // Under TLS 1.3 a session is for one use, and the next comes with it.
      if (again.session) taken_up = again.session;
    }
  }
}

TEST_P(session_of, somebody_else_is_of_no_use_without_its_secret) {
  const service running(files_.config(client_auth::optional), log_);
  const auto first = get(running.port(), as(people().client));
  ASSERT_NE(first.session, nullptr);
  // Whoever has seen the id or the ticket on the wire, without the secret.
  const auto thief = get(running.port(), as_nobody(with_other_secret(first.session)));
  EXPECT_NE(thief.status, 200);
  EXPECT_THAT(thief.body, testing::Not(testing::HasSubstr("alice")));
}

TEST_P(session_of, nobody_stays_nobodys_on_an_optional_listener) {
  const service running(files_.config(client_auth::optional), log_);
  const auto first = get(running.port(), as_nobody());
  EXPECT_EQ(first.body, "nobody - full");
  const auto again = get(running.port(), as_nobody(first.session));
  EXPECT_EQ(again.body, "nobody - resumed");
  // A certificate that could be shown now is not asked for when a session is taken up, so it counts for nothing.
  const auto with_certificate = get(running.port(), as(people().client, again.session ? again.session : first.session));
  EXPECT_EQ(with_certificate.body, "nobody - resumed");
}

TEST_P(session_of, an_earlier_trust_is_judged_again_by_the_new_one) {
  const service running(files_.config(client_auth::required, true), log_);
  const auto first = get(running.port(), as(people().client));
  ASSERT_EQ(first.status, 200);
  // A new generation with the same people: still good, and still the same session.
  ASSERT_TRUE(running->reload());
  EXPECT_EQ(running->context()->generation(), 2U);
  const auto again = get(running.port(), as_nobody(first.session));
  EXPECT_TRUE(again.resumed);
  EXPECT_TRUE(again.body.starts_with("alice "));

  // Another root in place of the one it was judged by.
  const auto other = self_signed(root_spec("Another Root"));
  files_.folder().write("trust.crt", other.pem());
  files_.folder().write("root.crl", pem(make_crl(other).get()));
  files_.folder().write("intermediate.crl", pem(make_crl(other).get()));
  ASSERT_TRUE(running->reload());
  const auto late = get(running.port(), as(people().client, again.session ? again.session : first.session));
  EXPECT_FALSE(late.resumed);
  EXPECT_EQ(late.status, 0);
  EXPECT_EQ(late.alert, SSL_AD_UNKNOWN_CA);
}

TEST_P(session_of, somebody_revoked_is_not_there_any_more_even_if_the_revocation_is_taken_back) {
  const service running(files_.config(client_auth::required, true), log_);
  const auto first = get(running.port(), as(people().client));
  ASSERT_EQ(first.status, 200);
  files_.write_revocations({people().client});
  ASSERT_TRUE(running->reload());
  EXPECT_EQ(get(running.port(), as(people().client, first.session)).alert, SSL_AD_CERTIFICATE_REVOKED);
  files_.write_revocations({});
  ASSERT_TRUE(running->reload());
  const auto back = get(running.port(), as(people().client, first.session));
  EXPECT_FALSE(back.resumed);
  EXPECT_TRUE(back.body.starts_with("alice "));
}

TEST_P(session_of, one_connection_under_tls_1_3_is_for_one_use) {
  const service running(files_.config(client_auth::required), log_);
  const auto first = get(running.port(), as(people().client));
  EXPECT_TRUE(get(running.port(), as(people().client, first.session)).resumed);
  EXPECT_EQ(get(running.port(), as(people().client, first.session)).resumed, GetParam() == TLS1_2_VERSION);
}

TEST_P(session_of, each_name_is_for_that_name_alone) {
  const service running(files_.config(client_auth::required), log_);
  auto how = as(people().client);
  const auto first = get(running.port(), how);
  for (const std::string name : {"", "elsewhere.example", "localhost.example"}) {
    how.server_name = name;
    how.session = first.session;
    const auto other = get(running.port(), how);
    EXPECT_FALSE(other.resumed) << name;
    EXPECT_TRUE(other.body.ends_with(" full")) << name;
  }
  how.server_name = "LOCALHOST";
  EXPECT_TRUE(get(running.port(), how).resumed) << "names are equal whatever their case";
}

TEST_P(session_of, a_client_that_goes_without_a_goodbye_is_taken_up_again) {
  const service running(files_.config(client_auth::required), log_);
  const std::string whole = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (const bool with_reset : {false, true}) {
    for (const auto& asked_last : {std::string(), whole, whole.substr(0, 20)}) {
      SCOPED_TRACE((with_reset ? "reset after " : "end after ") + asked_last);
      tls_connection first(running.port(), as(people().client));
      ASSERT_TRUE(first.ask());
      ASSERT_NE(first.report().session, nullptr);
      if (!asked_last.empty()) first.write(asked_last);
      first.vanish(with_reset);
      wait_until_left_by_all(running);
      const auto again = get(running.port(), as_nobody(first.report().session));
      EXPECT_TRUE(again.resumed);
      EXPECT_TRUE(again.body.starts_with("alice "));
    }
  }
}

TEST_P(session_of, a_client_of_http_2_that_goes_without_a_goodbye_is_taken_up_again) {
  const service running(files_.config(client_auth::required), log_);
  auto how = as(people().client);
  how.alpn = "h2";
  tls_connection first(running.port(), how);
  ASSERT_TRUE(first.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string("\0\0\0\4\0\0\0\0\0", 9)));
  ASSERT_FALSE(first.read_some().empty());
  first.vanish();
  wait_until_left_by_all(running);
  EXPECT_TRUE(get(running.port(), as_nobody(first.report().session)).resumed);
}

TEST_P(session_of, a_client_that_goes_without_a_goodbye_and_is_revoked_is_refused) {
  const service running(files_.config(client_auth::required, true), log_);
  tls_connection first(running.port(), as(people().client));
  ASSERT_TRUE(first.ask());
  first.vanish();
  wait_until_left_by_all(running);
  files_.write_revocations({people().client});
  ASSERT_TRUE(running->reload());
  const auto again = get(running.port(), as(people().client, first.report().session));
  EXPECT_FALSE(again.resumed);
  EXPECT_EQ(again.alert, SSL_AD_CERTIFICATE_REVOKED);
}

TEST_P(session_of, a_connection_that_failed_is_not_taken_up_again) {
  const service running(files_.config(client_auth::required), log_);
  const std::string forged = "\x17\x03\x03" + std::string("\0\x40", 2) + std::string(0x40, 'x');
  for (const bool by_alert : {false, true}) {
    SCOPED_TRACE(by_alert ? "the client sends a fatal alert" : "the client sends what it has not sealed");
    tls_connection first(running.port(), as(people().client));
    ASSERT_TRUE(first.ask());
    const auto taken_up = copy_of(first.report().session);
    if (by_alert) {
      // To hear what nobody has sealed is what makes OpenSSL's client send one.
      SSL_set0_rbio(first.native(), BIO_new_mem_buf(forged.data(), static_cast<int>(forged.size())));
      EXPECT_TRUE(first.read_some().empty());
    } else {
      ASSERT_EQ(::send(first.fd(), forged.data(), forged.size(), 0), static_cast<ssize_t>(forged.size()));
      EXPECT_TRUE(first.read_some().empty());
      EXPECT_EQ(first.report().alert, SSL_AD_BAD_RECORD_MAC);
    }
    first.vanish();
    wait_until_left_by_all(running);
    const auto again = get(running.port(), as(people().client, taken_up));
    EXPECT_FALSE(again.resumed);
    EXPECT_TRUE(again.body.starts_with("alice "));
  }
}

INSTANTIATE_TEST_SUITE_P(version, session_of, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& one) { return one.param == TLS1_2_VERSION ? "tls_1_2" : "tls_1_3"; });

}  // namespace
}  // namespace mutual::test
