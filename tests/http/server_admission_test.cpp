// What comes to a TLS port: silence, noise, plain HTTP, TLS of another kind.
#include "support/captured_log.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <fmt/format.h>

#include <atomic>
#include <random>
#include <thread>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

class server_admission : public testing::Test {
 protected:
  server_admission() { options_.timeouts.handshake = milliseconds(500); }
  const service& running() {
    if (!service_) service_ = std::make_unique<service>(options_);
    return *service_;
  }
  unsigned short port() { return running().port(); }
  client_options as_alice() const {
    return {.chain = {files_.people().client, files_.people().intermediate}, .server_name = "localhost"};
  }
  // Whether the server goes on serving whoever comes properly.
  void expect_still_serving() { EXPECT_EQ(get(port(), as_alice()).status, 200); }

  server_files files_{make_pki()};
  captured_log log_;
  http::server_options options_ = options_for(log_, files_.config(tls::client_auth::required));

 private:
  std::unique_ptr<service> service_;
};

TEST_F(server_admission, plain_http_is_answered_with_a_400_that_names_https) {
  for (const auto& request :
       {get_request(), post_request(std::string(100'000, 'x')), std::string("PROPFIND / HTTP/1.1\r\n\r\n"),
        std::string("CONNECT example.com:443 HTTP/1.1\r\n\r\n"), std::string("G")}) {
    plain_connection client(port());
    client.write(request);
    const auto all = client.read_to_end();
    const auto got = answers_in(all);
    ASSERT_EQ(got.size(), 1U) << request.substr(0, 20);
    EXPECT_EQ(got[0].status, 400);
    EXPECT_THAT(got[0].body, testing::HasSubstr("https://"));
    EXPECT_TRUE(all.ends_with(got[0].body)) << "Content-Length is the body's";
    EXPECT_THAT(got[0].head, testing::HasSubstr("Connection: close"));
  }
  EXPECT_EQ(running()->refused(reason::not_tls), 5U);
  EXPECT_TRUE(log_.wait_for(": not_tls: "));
  expect_still_serving();
}

TEST_F(server_admission, silence_ends_after_the_handshake_limit) {
  const auto began = clock::now();
  plain_connection silent(port());
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_GE(clock::now() - began, milliseconds(500));
  EXPECT_TRUE(log_.wait_for(": handshake_timeout: "));
  EXPECT_EQ(running()->refused(reason::handshake_timeout), 1U);
}

TEST_F(server_admission, half_a_client_hello_ends_after_the_handshake_limit) {
  const auto began = clock::now();
  plain_connection half(port());
  half.write(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  EXPECT_EQ(half.read_to_end(), "");
  EXPECT_GE(clock::now() - began, milliseconds(500));
  EXPECT_TRUE(log_.wait_for(": handshake_timeout: "));
  EXPECT_EQ(running()->refused(reason::handshake_timeout), 1U);
}

TEST_F(server_admission, a_handshake_is_not_put_off_by_a_byte_now_and_then) {
  plain_connection slow(port());
  slow.write(std::string("\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03", 11));
  const auto began = clock::now();
  while (clock::now() - began < std::chrono::seconds(8) && !slow.ends_within(milliseconds(50))) slow.write("a");
  EXPECT_LT(clock::now() - began, std::chrono::seconds(8));
  EXPECT_TRUE(log_.wait_for(": handshake_timeout: "));
}

TEST_F(server_admission, for_one_more_the_oldest_that_has_not_shown_who_it_is_gives_way) {
  options_.threads = 1;
  options_.most_handshakes = 3;
  options_.timeouts.handshake = std::chrono::seconds(20);
  plain_connection first(port()), half(port());
  half.write(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  plain_connection third(port());
  EXPECT_FALSE(first.ends_within(milliseconds(300))) << "three are allowed";
  expect_still_serving();
  EXPECT_TRUE(first.ends_within(std::chrono::seconds(5)));
  EXPECT_TRUE(log_.wait_for(": handshake_timeout: "));
  EXPECT_EQ(running()->refused(reason::handshake_timeout), 1U);
  EXPECT_EQ(running()->counted(http::tally::failed_handshakes), 1U) << "whoever says nothing counts as all others";
  EXPECT_FALSE(half.ends_within(milliseconds(100)));
  plain_connection fourth(port()), fifth(port());
  EXPECT_TRUE(half.ends_within(std::chrono::seconds(5))) << "also what has begun and does not go on";
  EXPECT_FALSE(third.ends_within(milliseconds(100)));
  EXPECT_EQ(running()->refused(reason::handshake_timeout), 2U);
}

TEST_F(server_admission, a_crowd_at_the_door_that_fills_the_server_keeps_nobody_out) {
  options_.threads = 1;
  options_.most_connections = 4;
  options_.most_handshakes = 100;
  options_.timeouts.handshake = std::chrono::seconds(20);
  std::vector<std::unique_ptr<plain_connection>> crowd;
  for (int count = 0; count < 20; ++count) crowd.push_back(std::make_unique<plain_connection>(port()));
  EXPECT_TRUE(crowd[15]->ends_within(std::chrono::seconds(5)));
  for (int count = 0; count < 3; ++count) expect_still_serving();
  EXPECT_LE(running()->open_connections(), 5U);
  crowd.clear();
  for (int count = 0; count < 200 && running()->open_connections() > 0; ++count) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_EQ(running()->open_connections(), 0U);
  expect_still_serving();
}

TEST_F(server_admission, those_who_were_refused_and_do_not_go_keep_nobody_out) {
  options_.threads = 1;
  options_.most_connections = 4;
  options_.timeouts.linger = std::chrono::seconds(20);
  std::vector<std::unique_ptr<plain_connection>> crowd;
  const auto come = [&](const std::string& bytes) {
    crowd.push_back(std::make_unique<plain_connection>(port()));
    crowd.back()->write(bytes);
    return crowd.back()->read_answer().status;
  };
  // As long as there is room, each hears why.
  for (int count = 0; count < 4; ++count) EXPECT_EQ(come("G"), 400) << count;
  for (int count = 0; count < 3; ++count) expect_still_serving();
  for (int count = 0; count < 20; ++count) EXPECT_EQ(come("G"), 400) << count;
  expect_still_serving();
  // A ClientHello in SSL 2's clothes: refused with an alert.
  for (int count = 0; count < 20; ++count) (void)come(std::string("\x15\x03\x01\x00\x02\x02\x28", 7));
  for (int count = 0; count < 3; ++count) expect_still_serving();
  EXPECT_LE(running()->open_connections(), 5U);
  EXPECT_EQ(running()->refused(reason::handshake_timeout), 0U) << "who was refused is refused once";
}

TEST_F(server_admission, many_who_come_at_once_do_not_push_each_other_out) {
  options_.threads = 1;
  options_.most_handshakes = 2;
  (void)port();
  std::vector<std::thread> clients;
  std::atomic<int> served{0};
  for (int count = 0; count < 16; ++count) {
    clients.emplace_back([&] { served += get(port(), as_alice()).status == 200 ? 1 : 0; });
  }
  for (auto& each : clients) each.join();
  EXPECT_EQ(served, 16);
}

TEST_F(server_admission, whatever_is_no_tls_is_a_failed_handshake_alike) {
  for (const std::string what : {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "\xff\xff\xff\xff\xff\xff\xff\xff"}) {
    const auto refused = running()->refused(reason::not_tls);
    const auto failed = running()->counted(http::tally::failed_handshakes);
    plain_connection client(port());
    client.write(what);
    client.read_to_end();
    EXPECT_EQ(running()->refused(reason::not_tls), refused + 1);
    EXPECT_EQ(running()->counted(http::tally::failed_handshakes), failed + 1);
  }
}

TEST_F(server_admission, a_probe_is_counted_and_not_logged) {
  for (int count = 0; count < 5; ++count) plain_connection gone(port());
  for (int count = 0; count < 5; ++count) plain_connection(port()).vanish();
  for (int count = 0; count < 200 && running()->refused(reason::probe) < 10; ++count) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_EQ(running()->refused(reason::probe), 10U);
  EXPECT_EQ(log_.size(), 0U);
}

TEST_F(server_admission, garbage_is_refused_and_logged_and_nothing_breaks) {
  options_.timeouts.handshake = milliseconds(100);
  std::mt19937 random(7);                                                           // the same bytes in every run
  std::vector<std::string> garbage{std::string("\x80\x2e\x01\x03\x01\x00\x15", 7),  // SSL 2
                                   std::string("\x16\x03\x01\xff\xff", 5) + std::string(300, 'x'),
                                   std::string("\x16\x03\x01\x00\x05hello", 10),
                                   std::string("\x15\x03\x01\x00\x02\x02\x28", 7),
                                   std::string("\x17\x03\x03\x00\x05hello", 10),
                                   "get / http/1.1\r\n\r\n",
                                   std::string(100, '\0'),
                                   "\r\n\r\n"};
  for (int count = 0; count < 40; ++count) {
    std::string bytes;
    for (int at = 0; at < 200; ++at) bytes += static_cast<char>(random());
    if (count % 2 == 0) bytes.replace(0, 3, "\x16\x03\x01");
    // A capital letter would be taken for plain HTTP.
    if (bytes[0] >= 'A' && bytes[0] <= 'Z') bytes[0] = '\x01';
    garbage.push_back(bytes);
  }
  for (const auto& bytes : garbage) {
    const auto logged = log_.size();
    plain_connection client(port());
    client.write(bytes);
    EXPECT_THAT(client.read_to_end(), testing::Not(testing::HasSubstr("HTTP/1.1")));
    EXPECT_TRUE(log_.wait_for("127.0.0.1:", logged)) << testing::PrintToString(bytes.substr(0, 20));
  }
  expect_still_serving();
}

TEST_F(server_admission, other_versions_ciphers_and_protocols_are_told_so) {
  struct attempt {
    const char* what;
    client_options how;
    const char* logged;
    int alert;
  };
  const auto alice = as_alice();
  std::vector<attempt> attempts(4, attempt{"", alice, "", 0});
  attempts[0].what = "TLS 1.1";
  attempts[0].how.version = TLS1_1_VERSION;
  attempts[0].how.ciphers = "ALL:@SECLEVEL=0";
  attempts[0].logged = "no_common_protocol";
  attempts[0].alert = SSL_AD_PROTOCOL_VERSION;
  attempts[1].what = "AES-CBC";
  attempts[1].how.version = TLS1_2_VERSION;
  attempts[1].how.ciphers = "ECDHE-ECDSA-AES128-SHA256";
  attempts[1].logged = "no_common_cipher";
  attempts[1].alert = SSL_AD_HANDSHAKE_FAILURE;
  attempts[2].what = "another protocol";
  attempts[2].how.alpn = "imap";
  attempts[2].logged = "no_common_protocol";
  attempts[2].alert = SSL_AD_NO_APPLICATION_PROTOCOL;
  attempts[3].what = "another group";
  attempts[3].how.groups = "P-521";
  attempts[3].logged = "no_common_cipher";
  attempts[3].alert = SSL_AD_HANDSHAKE_FAILURE;
  for (const auto& one : attempts) {
    const auto logged = log_.size();
    const auto told = get(port(), one.how);
    EXPECT_EQ(told.status, 0) << one.what;
    EXPECT_EQ(told.alert, one.alert) << one.what;
    EXPECT_FALSE(told.reset);
    const auto line = log_.wait_for(fmt::format(": {}: ", one.logged), logged);
    EXPECT_TRUE(line) << one.what << ": " << testing::PrintToString(log_.lines());
  }
  auto http = as_alice();
  http.alpn = "http/1.1";
  EXPECT_EQ(get(port(), http).status, 200);
}

TEST_F(server_admission, aes_128_is_chosen_before_aes_256_and_chacha20_for_those_who_ask_for_it_first) {
  const auto chosen = [&](int version, const std::string& ciphers) {
    auto how = as_alice();
    how.version = version;
    (version == TLS1_3_VERSION ? how.suites : how.ciphers) = ciphers;
    const auto told = get(port(), how);
    EXPECT_EQ(told.status, 200) << ciphers;
    return std::string(told.session ? SSL_CIPHER_get_name(SSL_SESSION_get0_cipher(told.session.get())) : "");
  };
  EXPECT_EQ(chosen(TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"), "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(chosen(TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384"), "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(chosen(TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"),
            "TLS_CHACHA20_POLY1305_SHA256");
  EXPECT_EQ(chosen(TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"),
            "ECDHE-ECDSA-AES128-GCM-SHA256");
}

TEST_F(server_admission, a_malformed_server_name_is_refused_as_such) {
  auto how = as_alice();
  how.server_name = "not a name";
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    how.version = version;
    const auto logged = log_.size();
    const auto told = get(port(), how);
    EXPECT_EQ(told.alert, SSL_AD_ILLEGAL_PARAMETER);
    EXPECT_TRUE(log_.wait_for(": malformed: ", logged)) << testing::PrintToString(log_.lines());
    EXPECT_TRUE(log_.wait_for("server name", logged));
  }
}

TEST_F(server_admission, a_client_that_does_not_trust_the_server_is_logged_as_giving_up_not_as_refused) {
  tls::ssl_ctx_ptr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const auto handle = connect_plain(port());
  const tls::ssl_ptr ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), handle.get());
  EXPECT_NE(SSL_connect(ssl.get()), 1);
  const auto line = log_.wait_for("unknown_ca");
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, testing::Not(testing::HasSubstr("refused")));
}

TEST_F(server_admission, a_client_that_leaves_in_the_middle_is_noted_and_forgotten) {
  {
    plain_connection client(port());
    client.write(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
    std::this_thread::sleep_for(milliseconds(50));
  }
  EXPECT_TRUE(log_.wait_for("in the middle of the handshake"));
  expect_still_serving();
}

TEST_F(server_admission, a_tls_handshake_on_a_plain_port_is_answered_with_words) {
  const service plain(options_for(log_));
  plain_connection client(plain.port());
  client.write(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  const auto got = answers_in(client.read_to_end());
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].status, 400);
  EXPECT_THAT(got[0].body, testing::HasSubstr("TLS"));
}

}  // namespace
}  // namespace mutual::test
