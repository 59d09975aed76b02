// HTTP/2 as a client meets it: chosen by ALPN, the same handlers, the same peer.
#include "support/captured_log.hpp"
#include "support/h2_client.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <nghttp2/nghttp2.h>
#include <string>
#include <string_view>
#include <vector>

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

// An HTTP/2 connection to that port whose client can do anything that OpenSSL can, and the types of all handshake
// messages (RFC 8446 section 4) that the server has sent it.
class eager_connection {
 public:
  eager_connection(unsigned short port, int version) : handle_(connect_plain(port)) {
    const std::string offered("\x02h2", 3);
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_set_post_handshake_auth(context_.get(), 1);
    SSL_CTX_set_alpn_protos(context_.get(), reinterpret_cast<const unsigned char*>(offered.data()), 3);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), handle_.get());
    SSL_set_msg_callback(ssl_.get(), note);
    SSL_set_msg_callback_arg(ssl_.get(), &seen_);
  }
  SSL* native() { return ssl_.get(); }
  long seen(int type) const { return std::count(seen_.begin(), seen_.end(), type); }
  std::string read() {
    std::string piece(16384, '\0');
    const int count = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
    piece.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return piece;
  }
  bool write(std::string_view bytes) {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
  }

 private:
  static void note(int sent, int, int content, const void* bytes, std::size_t size, SSL*, void* seen) {
    if (sent == 0 && content == SSL3_RT_HANDSHAKE && size > 0) {
      static_cast<std::vector<int>*>(seen)->push_back(*static_cast<const unsigned char*>(bytes));
    }
  }

  descriptor handle_;
  tls::ssl_ctx_ptr context_{SSL_CTX_new(TLS_client_method())};
  tls::ssl_ptr ssl_;
  std::vector<int> seen_;
};

// RFC 8740 section 3: a server must ask for no certificate once the handshake is over, whatever the client offers.
TEST_F(h2_live, nobody_is_asked_for_a_certificate_after_the_handshake) {
  const service running(options(client_auth::optional));
  eager_connection client(running.port(), TLS1_3_VERSION);
  ASSERT_EQ(SSL_connect(client.native()), 1);
  ASSERT_EQ(client.seen(SSL3_MT_CERTIFICATE_REQUEST), 1) << "within it, everybody is";
  ASSERT_TRUE(client.write(h2_preface() + h2_request(1, request_fields())));
  std::string all;
  while (all.find("nobody") == std::string::npos) {
    const auto piece = client.read();
    ASSERT_NE(piece, "") << testing::PrintToString(all);
    all += piece;
  }
  EXPECT_EQ(client.seen(SSL3_MT_CERTIFICATE_REQUEST), 1);
  EXPECT_EQ(client.seen(SSL3_MT_FINISHED), 1);
}

// RFC 9113 section 9.2.1, and RFC 8740 section 2: with TLS 1.2, nothing is negotiated a second time.
TEST_F(h2_live, a_client_that_wants_to_shake_hands_again_is_refused) {
  const service running(options(client_auth::optional));
  eager_connection client(running.port(), TLS1_2_VERSION);
  ASSERT_EQ(SSL_connect(client.native()), 1);
  ERR_clear_error();
  ASSERT_EQ(SSL_renegotiate(client.native()), 1);
  while (client.read() != "") {
  }
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
  ERR_clear_error();
  EXPECT_EQ(client.seen(SSL3_MT_SERVER_HELLO), 1);
  EXPECT_EQ(running->counted(http::tally::full_handshakes), 1U);
  EXPECT_EQ(h2_client(running.port(), alice()).get().status, 200);
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
