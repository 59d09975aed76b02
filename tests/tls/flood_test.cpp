// What a connection may take of its thread with records that are many, small, or nothing to the application.
#include "net/loop.hpp"
#include "support/key_updates.hpp"
#include "support/pki.hpp"
#include "tls/client_context.hpp"
#include "tls/stream.hpp"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>

namespace mutual::test {
namespace {

using tls::io_status;

tls::ssl_ctx_ptr server_context() {
  const auto people = make_pki();
  tls::ssl_ctx_ptr context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(context.get(), people.server.certificate());
  SSL_CTX_use_PrivateKey(context.get(), people.server.private_key());
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_num_tickets(context.get(), 1);
  SSL_CTX_set_read_ahead(context.get(), 1);
  return context;
}

tls::ssl_ctx_ptr client_context(int version) {
  tls::ssl_ctx_ptr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), version);
  SSL_CTX_set_max_proto_version(context.get(), version);
  SSL_CTX_set_cipher_list(context.get(), "ECDHE-ECDSA-AES128-GCM-SHA256");
  return context;
}

task<> shake(tls::stream& one) {
  auto shaking = one.handshake();
  const auto shaken = co_await std::move(shaking);
  EXPECT_EQ(shaken, io_status::ok);
}

// A client and a server that have shaken hands, both on the same loop.
struct acquainted {
  acquainted(net::loop& loop, SSL_CTX* theirs, SSL_CTX* ours) {
    tls::ssl_ptr ssl(SSL_new(theirs));
    SSL_set_connect_state(ssl.get());
    meet(loop, std::move(ssl), ours);
  }
  acquainted(net::loop& loop, tls::ssl_ptr theirs, SSL_CTX* ours) { meet(loop, std::move(theirs), ours); }

  void meet(net::loop& loop, tls::ssl_ptr theirs, SSL_CTX* ours) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    tls::ssl_ptr ssl(SSL_new(ours));
    SSL_set_accept_state(ssl.get());
    client = std::make_unique<tls::stream>(loop, descriptor(ends[0]), std::move(theirs));
    server = std::make_unique<tls::stream>(loop, descriptor(ends[1]), std::move(ssl));
    loop.spawn(shake(*client));
    loop.spawn(shake(*server));
    loop.run_until_idle();
  }

  std::unique_ptr<tls::stream> client;
  std::unique_ptr<tls::stream> server;
};

std::string sealed(tls::stream& by, std::string_view text) {
  return written_by(by.native(), [&] { SSL_write(by.native(), text.data(), static_cast<int>(text.size())); });
}

void send_all(tls::stream& by, std::string_view bytes) {
  ASSERT_EQ(::send(by.socket().fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
}

std::size_t bytes_left_for(tls::stream& reader) {
  std::array<char, 65536> buffer{};
  std::size_t total = 0;
  for (;;) {
    const auto got = ::recv(reader.socket().fd(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return total;
    total += static_cast<std::size_t>(got);
  }
}

struct heard {
  std::string text;
  bool over = false;
  io_status last = io_status::ok;
};

// Reads until a '.' has come, or nothing will.
task<> listen(tls::stream& from, heard& all) {
  std::array<char, 1024> piece{};
  while (!all.text.ends_with('.')) {
    auto reading = from.read(piece);
    const auto got = co_await std::move(reading);
    all.last = got.status;
    if (got.status != io_status::ok) break;
    all.text.append(piece.data(), got.bytes);
  }
  all.over = true;
}

heard hear(net::loop& loop, tls::stream& from) {
  heard all;
  loop.spawn(listen(from, all));
  loop.run_until_idle();
  return all;
}

void expect_flooded(tls::stream& one, const heard& all) {
  EXPECT_EQ(all.text, "");
  EXPECT_EQ(all.last, io_status::failed);
  EXPECT_TRUE(one.flooded());
  EXPECT_NE(one.failure_text().find("TLS records came within a second without a byte"), std::string::npos)
      << one.failure_text();
}

TEST(flood, of_key_updates_ends_the_connection) {
  const auto ours = server_context();
  const auto theirs = client_context(TLS1_3_VERSION);
  for (const int kind : {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
    net::loop loop;
    acquainted both(loop, theirs.get(), ours.get());
    const bool answered = kind == SSL_KEY_UPDATE_REQUESTED;  // so many answers find room, were all of them given
    auto all = key_updates(both.client->native(), answered ? 120 : 2'000, kind);
    all += sealed(*both.client, ".");
    send_all(*both.client, all);
    expect_flooded(*both.server, hear(loop, *both.server));
    if (!answered) {
      EXPECT_GT(bytes_left_for(*both.server), 30'000U) << "of 54,000: what one read brings is taken in";
    }
    // A ticket, and an answer of 27 bytes to each that was gone through.
    EXPECT_LT(bytes_left_for(*both.client), 1'024U + tls::record_watch::most_in_a_row * 27);
  }
}

TEST(flood, of_key_updates_from_a_server_ends_the_connection_of_a_client) {
  const auto ours = server_context();
  tls::client_settings settings;
  settings.accept_any_server = true;
  const auto theirs = tls::client_context::make(std::move(settings));
  ASSERT_TRUE(theirs);
  tls::server_facts facts;
  facts.host = "localhost";
  net::loop loop;
  acquainted both(loop, (*theirs)->connect(facts), ours.get());
  (void)both.server->try_write({});  // the ticket that it holds
  auto all = key_updates(both.server->native(), 2'000, SSL_KEY_UPDATE_NOT_REQUESTED);
  all += sealed(*both.server, ".");
  send_all(*both.server, all);
  expect_flooded(*both.client, hear(loop, *both.client));
}

TEST(flood, begins_with_more_key_updates_in_a_row_than_anybody_needs) {
  const auto ours = server_context();
  const auto theirs = client_context(TLS1_3_VERSION);
  net::loop loop;
  acquainted both(loop, theirs.get(), ours.get());
  const int most = tls::record_watch::most_in_a_row;
  std::string all;
  for (int count = 0; count < 3; ++count) {
    all += key_updates(both.client->native(), most - 1, SSL_KEY_UPDATE_NOT_REQUESTED);
    all += sealed(*both.client, count < 2 ? "x" : ".");
  }
  send_all(*both.client, all);
  EXPECT_EQ(hear(loop, *both.server).text, "xx.");
  all = key_updates(both.client->native(), most, SSL_KEY_UPDATE_NOT_REQUESTED);
  all += sealed(*both.client, ".");
  send_all(*both.client, all);
  expect_flooded(*both.server, hear(loop, *both.server));
}

task<> answer_all(tls::stream& server) {
  for (;;) {
    std::array<char, 1024> asked{};
    auto reading = server.read(asked);
    const auto got = co_await std::move(reading);
    if (got.status != io_status::ok) co_return;
    auto writing = server.write("answer");
    (void)co_await std::move(writing);
  }
}

task<bool> ask(tls::stream& client) {
  auto writing = client.write("ask");
  (void)co_await std::move(writing);
  std::array<char, 1024> answer{};
  auto reading = client.read(answer);
  const auto got = co_await std::move(reading);
  co_return std::string_view(answer.data(), got.bytes) == "answer";
}

task<> ask_with_new_keys_each_time(tls::stream& client, int times, int& answered) {
  for (int count = 0; count < times; ++count) {
    const int kind = count % 2 == 0 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED;
    if (SSL_key_update(client.native(), kind) != 1 || SSL_do_handshake(client.native()) != 1) break;
    auto asking = ask(client);
    const bool right = co_await std::move(asking);
    if (!right) break;
    ++answered;
  }
  client.socket().close();
}

TEST(flood, is_not_what_a_client_makes_that_renews_its_keys_now_and_then) {
  const auto ours = server_context();
  const auto theirs = client_context(TLS1_3_VERSION);
  net::loop loop;
  acquainted both(loop, theirs.get(), ours.get());
  int answered = 0;
  loop.spawn(answer_all(*both.server));
  loop.spawn(ask_with_new_keys_each_time(*both.client, 1'000, answered));
  loop.run_until_idle();
  EXPECT_EQ(answered, 1'000);
}

// Asks for as long as `others` goes on, and says how much of it came between two answers, at most.
task<> ask_meanwhile(tls::stream& client, const heard& others, std::size_t& most) {
  for (bool right = true; right && !others.over;) {
    const auto before = others.text.size();
    auto asking = ask(client);
    right = co_await std::move(asking);
    most = std::max(most, others.text.size() - before);
  }
  client.socket().close();
}

// How many of those records are read between two answers that somebody else on the thread gets.
std::size_t most_at_once(net::loop& loop, acquainted& busy, acquainted& other, const std::string& records,
                         std::size_t count) {
  send_all(*busy.client, records);
  heard all;
  std::size_t most = 0;
  loop.spawn(answer_all(*other.server));
  loop.spawn(ask_meanwhile(*other.client, all, most));
  loop.spawn(listen(*busy.server, all));
  loop.run_until_idle();
  EXPECT_EQ(all.text.size(), count) << "all comes, also what was read off the socket already";
  EXPECT_EQ(all.last, io_status::ok);
  return most;
}

TEST(flood, of_small_records_lets_the_others_have_their_turns_within_it) {
  const auto ours = server_context();
  const auto theirs = client_context(TLS1_3_VERSION);
  net::loop loop;
  acquainted busy(loop, theirs.get(), ours.get());
  acquainted other(loop, theirs.get(), ours.get());
  std::string records;
  for (int count = 1; count < 4'000; ++count) records += sealed(*busy.client, "x");
  records += sealed(*busy.client, ".");
  // 512 in a turn; between two answers are two of the server's.
  EXPECT_LE(most_at_once(loop, busy, other, records, 4'000), 1'100U);
}

TEST(flood, of_key_updates_with_a_byte_between_them_lets_the_others_have_their_turns_within_it) {
  const auto ours = server_context();
  const auto theirs = client_context(TLS1_3_VERSION);
  net::loop loop;
  acquainted busy(loop, theirs.get(), ours.get());
  acquainted other(loop, theirs.get(), ours.get());
  std::string records;
  for (int count = 1; count <= 1'000; ++count) {
    records += key_updates(busy.client->native(), 3, SSL_KEY_UPDATE_NOT_REQUESTED);
    records += sealed(*busy.client, count < 1'000 ? "x" : ".");
  }
  EXPECT_LE(most_at_once(loop, busy, other, records, 1'000), 64U);
}

// Makes any record of TLS 1.2 that a client could send, which OpenSSL's does not let itself be told to.
class sealer {
 public:
  explicit sealer(SSL* client) {
    std::array<unsigned char, 48> secret{};
    SSL_SESSION_get_master_key(SSL_get_session(client), secret.data(), secret.size());
    // RFC 5246 section 6.3.
    std::string seed = "key expansion" + std::string(64, '\0');
    SSL_get_server_random(client, reinterpret_cast<unsigned char*>(seed.data()) + 13, 32);
    SSL_get_client_random(client, reinterpret_cast<unsigned char*>(seed.data()) + 45, 32);
    std::string digest = "SHA256";
    const std::array<OSSL_PARAM, 4> asked{
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, secret.data(), secret.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed.data(), seed.size()), OSSL_PARAM_construct_end()};
    EVP_KDF* kind = EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr);
    EVP_KDF_CTX* kdf = EVP_KDF_CTX_new(kind);
    EXPECT_EQ(EVP_KDF_derive(kdf, keys_.data(), keys_.size(), asked.data()), 1);
    EVP_KDF_CTX_free(kdf);
    EVP_KDF_free(kind);
  }

  std::string operator()(int type, std::string_view content) {
    std::string counted;
    for (int shift = 56; shift >= 0; shift -= 8) counted += static_cast<char>(number_ >> static_cast<unsigned>(shift));
    ++number_;
    const auto head = static_cast<char>(type) + std::string("\x03\x03");
    const auto known = counted + head + size_of(content.size());
    // RFC 5288 section 3: the nonce is the write IV, which comes after both keys, and eight bytes that are sent.
    const auto nonce = std::string(reinterpret_cast<const char*>(keys_.data()) + 32, 4) + counted;
    std::string out(content.size() + 16, '\0');
    int size = 0;
    EVP_CIPHER_CTX* cipher = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), nullptr, keys_.data(), bytes_of(nonce));
    EVP_EncryptUpdate(cipher, nullptr, &size, bytes_of(known), static_cast<int>(known.size()));
    auto* room = reinterpret_cast<unsigned char*>(out.data());
    if (!content.empty()) EVP_EncryptUpdate(cipher, room, &size, bytes_of(content), static_cast<int>(content.size()));
    EVP_EncryptFinal_ex(cipher, room + content.size(), &size);
    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, room + content.size());
    EVP_CIPHER_CTX_free(cipher);
    return head + size_of(8 + out.size()) + counted + out;
  }

 private:
  static const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  }
  static std::string size_of(std::size_t size) {
    return {static_cast<char>(size >> 8U), static_cast<char>(size & 0xffU)};
  }

  std::array<unsigned char, 40> keys_{};  // the client's and the server's key, the client's and the server's IV
  std::uint64_t number_ = 1;              // the Finished was the first
};

// OpenSSL ends a row of empty records, or of warnings, but takes anything else for the end of the row.
TEST(flood, of_refused_renegotiations_warnings_and_empty_records_ends_the_connection) {
  const auto ours = server_context();
  const auto theirs = client_context(TLS1_2_VERSION);
  const std::string hello("\x01\0\0\0", 4);
  const std::string user_cancelled("\x01\x5a", 2);
  for (const auto& [type, content] : {std::pair{SSL3_RT_ALERT, user_cancelled}, {SSL3_RT_APPLICATION_DATA, {}}}) {
    net::loop loop;
    acquainted both(loop, theirs.get(), ours.get());
    sealer seal(both.client->native());
    std::string all;
    for (int count = 0; count < 50; ++count) {
      all += seal(type, content);
      all += seal(SSL3_RT_HANDSHAKE, hello);
    }
    all += seal(SSL3_RT_APPLICATION_DATA, ".");
    send_all(*both.client, all);
    expect_flooded(*both.server, hear(loop, *both.server));
  }
  net::loop loop;
  acquainted both(loop, theirs.get(), ours.get());
  sealer seal(both.client->native());
  std::string few;
  for (int count = 0; count < 10; ++count) few += seal(SSL3_RT_HANDSHAKE, hello);
  few += seal(SSL3_RT_APPLICATION_DATA, ".");
  send_all(*both.client, few);
  EXPECT_EQ(hear(loop, *both.server).text, ".");
}

}  // namespace
}  // namespace mutual::test
