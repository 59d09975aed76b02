// HTTP/2 as a client meets it: chosen by ALPN, the same handlers, the same peer.
#include "support/captured_log.hpp"
#include "support/h2_client.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <nghttp2/nghttp2.h>
#include <string>

namespace mutual::test {
namespace {

using tls::client_auth;

task<response> mirror(request& asked, http::answer_notes&) {
  std::string text = asked.method + " " + asked.target + " " + std::to_string(asked.version_major) + "\n";
  for (std::size_t at = 0; at < asked.headers.size(); ++at) {
    text.append(asked.headers[at].name).append("=").append(asked.headers[at].value).append("\n");
  }
  for (std::size_t at = 0; at < asked.trailers.size(); ++at) {
    text.append("trailer ").append(asked.trailers[at].name).append("=").append(asked.trailers[at].value).append("\n");
  }
  co_return response(200, text + asked.body);
}

class h2_live : public testing::Test {
 protected:
  const pki& people() const { return files_.people(); }
  client_options alice(int version = TLS1_3_VERSION) const {
    return {.version = version, .chain = {people().client, people().intermediate}, .server_name = "localhost"};
  }
  http::server_options options(client_auth clients = client_auth::required) const {
    return options_for(log_, files_.config(clients));
  }
  http::server_options mirroring() const {
    auto made = options();
    made.answer = mirror;
    return made;
  }

  server_files files_{make_pki()};
  captured_log log_;
};

TEST_F(h2_live, a_client_that_offers_h2_is_served_over_it_and_known_by_its_certificate) {
  const service running(options());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    h2_client client(running.port(), alice(version));
    const auto& answer = client.get();
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, testing::HasSubstr("alice"));
    EXPECT_TRUE(answer.fields.contains("date"));
    EXPECT_EQ(answer.fields.at("content-length"), std::to_string(answer.body.size()));
  }
}

TEST_F(h2_live, a_client_that_offers_nothing_or_http_1_1_gets_http_1_1) {
  const service running(options());
  auto how = alice();
  EXPECT_EQ(get(running.port(), how).status, 200);
  how.alpn = "http/1.1";
  EXPECT_EQ(get(running.port(), how).status, 200);
  how.alpn = "h3";
  EXPECT_EQ(get(running.port(), how).alert, SSL_AD_NO_APPLICATION_PROTOCOL);
}

TEST_F(h2_live, switched_off_it_is_not_offered) {
  auto off = options();
  off.http2 = false;
  const service running(std::move(off));
  auto how = alice();
  how.alpn = "h2";
  EXPECT_EQ(get(running.port(), how).alert, SSL_AD_NO_APPLICATION_PROTOCOL);
  how.alpn = "http/1.1";
  EXPECT_EQ(get(running.port(), how).status, 200);
}

TEST_F(h2_live, a_session_is_resumed_under_whatever_protocol_is_agreed_on_anew) {
  const service running(options());
  auto how = alice();
  h2_client first(running.port(), how);
  EXPECT_THAT(first.get().body, testing::HasSubstr("full"));
  how.session = first.under().report().session;
  ASSERT_TRUE(how.session);
  h2_client second(running.port(), how);
  EXPECT_THAT(second.get().body, testing::HasSubstr("resumed"));
  how.session = second.under().report().session;
  ASSERT_TRUE(how.session);
  tls_connection third(running.port(), how);
  EXPECT_THAT(third.ask().value_or(""), testing::HasSubstr("resumed")) << "over HTTP/1.1";
}

TEST_F(h2_live, a_request_looks_to_its_handler_as_one_over_http_1_1_does) {
  const service running(mirroring());
  h2_client client(running.port(), alice());
  const auto& answer = client.wait_for(client.ask(
      request_fields("GET", "/a?b=c", {{"x-one", "1"}, {"cookie", "a=1"}, {"x-two", "2"}, {"cookie", "b=2"}})));
  EXPECT_EQ(answer.body, "GET /a?b=c 2\nHost=localhost\nx-one=1\nx-two=2\nCookie=a=1; b=2\n");
}

TEST_F(h2_live, a_body_and_its_trailer_arrive_whole_and_apart) {
  const service running(mirroring());
  h2_client client(running.port(), alice());
  const auto id = client.begin(request_fields("POST", "/"));
  client.send_body(id, "Hello, ", false);
  client.send_body(id, "World", true, {{"x-sum", "7"}});
  EXPECT_EQ(client.wait_for(id).body, "POST / 2\nHost=localhost\ntrailer x-sum=7\nHello, World");
}

TEST_F(h2_live, http_2_without_tls_is_not_spoken_and_said_so) {
  const service running(options_for(log_));
  plain_connection client(running.port());
  client.write(h2_preface());
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 505);
  EXPECT_THAT(answer.body, testing::HasSubstr("HTTP/2 was not negotiated"));
  EXPECT_TRUE(client.ends_within(std::chrono::seconds(5)));
}

}  // namespace
}  // namespace mutual::test
