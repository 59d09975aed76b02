// What a server says and does of a connection that floods it with records of TLS.
#include "support/captured_log.hpp"
#include "support/h2_client.hpp"
#include "support/key_updates.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"
#include "support/tls_client.hpp"

#include <chrono>
#include <cstddef>
#include <sys/socket.h>
#include <thread>

namespace mutual::test {
namespace {

void flood(tls_connection& client, int kind = SSL_KEY_UPDATE_REQUESTED) {
  const auto records = key_updates(client.native(), 500, kind);
  ASSERT_EQ(::send(client.fd(), records.data(), records.size(), MSG_NOSIGNAL), static_cast<ssize_t>(records.size()));
}

// 128 MiB in pieces of that size, each there at once.
response much_in_pieces_of(std::size_t bytes) {
  response made(200);
  made.source = [bytes, left = (std::size_t{128} << 20U) / bytes]() mutable -> task<std::optional<std::string>> {
    if (left-- == 0) co_return std::nullopt;
    co_return std::string(bytes, 'x');
  };
  return made;
}

TEST(server_flood, of_key_updates_ends_the_connection_and_is_told_to_the_log) {
  const server_files files(make_pki());
  const captured_log log;
  const service running(options_for(log, files.config(tls::client_auth::none)));
  for (const std::string protocol : {"http/1.1", "h2"}) {
    SCOPED_TRACE(protocol);
    const auto before = log.size();
    client_options how;
    how.alpn = protocol;
    tls_connection client(running.port(), how);
    ASSERT_TRUE(client.report().connected);
    flood(client);
    const auto line = log.wait_for("TLS records came within a second without a byte", before);
    ASSERT_TRUE(line);
    EXPECT_NE(
        line->find("127.0.0.1:" + std::to_string(client.report().port) + ": the connection was closed: more than 64"),
        std::string::npos)
        << *line;
    (void)client.read_to_end();  // or it waits in vain
  }
}

TEST(server_flood, ends_a_connection_of_http_2_that_has_much_to_send) {
  const server_files files(make_pki());
  const captured_log log;
  auto options = options_for(log, files.config(tls::client_auth::none));
  options.answer = [](request&, http::answer_notes&) -> task<response> { co_return much_in_pieces_of(65536); };
  const service running(options);
  for (const int kind : {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
    const auto before = log.size();
    h2_client client(running.port(), {}, {.window = 1U << 30U, .gives_room = false});
    nghttp2_session_set_local_window_size(client.native(), NGHTTP2_FLAG_NONE, 0, 1 << 30);
    client.flush();
    const auto id = client.ask();
    ASSERT_TRUE(client.read_until([&] { return !client.answer(id).body.empty(); }));
    flood(client.under(), kind);
    client.read_to_end();
    EXPECT_FALSE(client.answer(id).ended);
    EXPECT_TRUE(log.wait_for("TLS records came within a second without a byte", before));
  }
}

// A key update that is to be answered, of a client that has not taken what is on its way to it.
TEST(key_updates, are_answered_amid_an_answer_that_waits_for_its_client_over_http_2) {
  const server_files files(make_pki());
  const captured_log log;
  auto options = options_for(log, files.config(tls::client_auth::none));
  options.answer = [](request&, http::answer_notes&) -> task<response> { co_return much_in_pieces_of(8192); };
  const service running(options);
  h2_client client(running.port(), {}, {.window = 1U << 30U, .gives_room = false});
  nghttp2_session_set_local_window_size(client.native(), NGHTTP2_FLAG_NONE, 0, 1 << 30);
  client.flush();
  const auto id = client.ask();
  for (int count = 0; count < 30; ++count) {
    const auto before = client.answer(id).body.size();
    ASSERT_TRUE(client.read_until([&] { return client.answer(id).body.size() > before + (std::size_t{3} << 20U); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ASSERT_EQ(SSL_key_update(client.under().native(), SSL_KEY_UPDATE_REQUESTED), 1);
    ASSERT_EQ(SSL_do_handshake(client.under().native()), 1);
  }
  EXPECT_TRUE(client.wait_for(id).ended);
}

TEST(server_flood, takes_its_session_with_it) {
  const server_files files(make_pki());
  const captured_log log;
  const service running(options_for(log, files.config(tls::client_auth::required)));
  for (const bool floods : {false, true}) {
    client_options how;
    how.chain = {files.people().client, files.people().intermediate};
    how.server_name = "localhost";
    {
      tls_connection client(running.port(), how);
      client.write(get_request("/"));
      ASSERT_NE(client.read_answer(), "");
      how.session = client.report().session;
      if (floods) {
        flood(client);
        ASSERT_TRUE(log.wait_for("TLS records came within a second"));
      }
      client.shut_down();  // or OpenSSL's client would forget its session too
    }
    EXPECT_EQ(get(running.port(), how).resumed, !floods);
  }
}

}  // namespace
}  // namespace mutual::test
