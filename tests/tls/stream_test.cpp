// How a stream uses its socket: what goes out together, what is not held back, what is looked at and left.
#include "tls/stream.hpp"

#include "net/loop.hpp"
#include "support/pki.hpp"
#include "support/service.hpp"
#include "tls/server_context.hpp"

#include <openssl/err.h>

#include <array>
#include <fcntl.h>
#include <functional>
#include <optional>
#include <sys/socket.h>
#include <thread>
#include <utility>
#include <vector>

namespace mutual::test {
namespace {

using tls::io_status;

// A pair of sockets on which each send is one packet, so that a test sees what shares a segment.
std::pair<descriptor, descriptor> packet_pair(bool blocking_first, int kind = SOCK_SEQPACKET) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) return {};
  descriptor first(ends[0]);
  descriptor second(ends[1]);
  if (blocking_first) {
    // Ten seconds of silence are a failure, not a hang.
    const int flags = ::fcntl(first.get(), F_GETFL);
    (void)::fcntl(first.get(), F_SETFL, flags & ~O_NONBLOCK);
    timeval limit{10, 0};
    (void)::setsockopt(first.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  return {std::move(first), std::move(second)};
}

// A client of OpenSSL's own that sends what it has as one packet and counts those that come.
class packet_client {
 public:
  packet_client(descriptor handle, int version, const identity* who) : handle_(std::move(handle)) {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_.get(), [](SSL* ssl, SSL_SESSION*) {
      ++*static_cast<int*>(SSL_get_app_data(ssl));
      return 0;
    });
    if (who != nullptr) {
      SSL_CTX_use_certificate(context_.get(), who->certificate());
      SSL_CTX_use_PrivateKey(context_.get(), who->private_key());
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_app_data(ssl_.get(), &tickets);
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
  }

  // Does not send what it has last (under TLS 1.3 its Finished): that goes with what is written next.
  bool shake_hands() {
    for (;;) {
      ERR_clear_error();
      const int code = SSL_do_handshake(ssl_.get());
      if (code == 1) return true;
      if (SSL_get_error(ssl_.get(), code) != SSL_ERROR_WANT_READ) return false;
      send();
      if (!receive()) return false;
    }
  }

  void write(std::string_view text) {
    SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
    send();
  }

  void send() {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &bytes);
    if (size > 0) (void)::send(handle_.get(), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    BIO_reset(SSL_get_wbio(ssl_.get()));
  }

  // One packet.
  bool receive() {
    std::vector<char> buffer(std::size_t{256} * 1024);
    const auto got = ::recv(handle_.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    ++packets;
    BIO_write(SSL_get_rbio(ssl_.get()), buffer.data(), static_cast<int>(got));
    return true;
  }

  // What the packets so far say; empty if it is nothing for the application.
  std::string read() {
    ERR_clear_error();
    std::array<char, 1024> buffer{};
    const int got = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
    return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
  }

  // Asks, and reads that many bytes of the answer.
  std::string ask_for(std::size_t size) {
    std::string all;
    write("ask");
    while (all.size() < size && receive()) {
      for (auto piece = read(); !piece.empty(); piece = read()) all += piece;
    }
    return all;
  }

  // A request, and then a goodbye, nothing, or the beginning of a record.
  void end_by(std::string_view how) {
    SSL_write(ssl_.get(), "ask", 3);
    if (how == "goodbye") SSL_shutdown(ssl_.get());
    if (how == "half a record") BIO_write(SSL_get_wbio(ssl_.get()), "\x17\x03\x03\x01\x00half", 9);
    send();
  }

  void end() { handle_.reset(); }

  int packets = 0;
  int tickets = 0;

 private:
  descriptor handle_;
  tls::ssl_ctx_ptr context_;
  tls::ssl_ptr ssl_;
};

tls::ssl_ctx_ptr server_of(const pki& people) {
  tls::ssl_ctx_ptr context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(context.get(), people.server.certificate());
  SSL_CTX_use_PrivateKey(context.get(), people.server.private_key());
  SSL_CTX_set_num_tickets(context.get(), 1);
  SSL_CTX_set_read_ahead(context.get(), 1);
  return context;
}

// The server's side: shakes hands, then answers each thing it reads, until the other end has enough.
task<> answer_all(tls::stream& stream, io_status& shaken, std::string answer = "answer") {
  auto shaking = stream.handshake();
  shaken = co_await std::move(shaking);
  while (shaken == io_status::ok) {
    std::array<char, 1024> asked{};
    auto reading = stream.read(asked);
    const auto got = co_await std::move(reading);
    if (got.status != io_status::ok) break;
    auto writing = stream.write(answer);
    const auto written = co_await std::move(writing);
    if (written != io_status::ok) break;
  }
}

// Runs the server on this thread and `client` on another, over one pair of sockets.
io_status meet(SSL_CTX* context, int version, const identity* who, const std::function<void(packet_client&)>& client,
               const std::string& answer = "answer", int kind = SOCK_SEQPACKET) {
  auto [theirs, ours] = packet_pair(true, kind);
  const int small = 4096;
  if (kind == SOCK_STREAM) (void)::setsockopt(ours.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  packet_client other(std::move(theirs), version, who);
  std::thread thread([&] {
    client(other);
    other.end();
  });
  net::loop loop;
  io_status shaken = io_status::cancelled;
  tls::ssl_ptr ssl(SSL_new(context));
  SSL_set_accept_state(ssl.get());
  tls::stream stream(loop, std::move(ours), std::move(ssl));
  loop.spawn(answer_all(stream, shaken, answer));
  loop.run_until_idle();
  thread.join();
  return shaken;
}

TEST(stream, sends_the_ticket_with_the_first_answer) {
  const auto context = server_of(make_pki());
  std::string answer;
  int packets = 0;
  int tickets = 0;
  const auto shaken = meet(context.get(), TLS1_3_VERSION, nullptr, [&](packet_client& client) {
    if (!client.shake_hands()) return;
    client.packets = 0;
    client.write("ask");
    while (answer.empty() && client.receive()) answer = client.read();
    packets = client.packets;
    tickets = client.tickets;
  });
  EXPECT_EQ(shaken, io_status::ok);
  EXPECT_EQ(answer, "answer");
  EXPECT_EQ(packets, 1);
  EXPECT_EQ(tickets, 1);
}

std::string numbers(std::size_t size) {
  std::string all;
  for (int count = 0; all.size() < size; ++count) all += std::to_string(count) + ' ';
  all.resize(size);
  return all;
}

TEST(stream, sends_many_records_in_one_system_call) {
  const auto context = server_of(make_pki());
  const auto answer = numbers(std::size_t{4 * 48} * 1024);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    bool same = false;
    int packets = 0;
    meet(
        context.get(), version, nullptr,
        [&](packet_client& client) {
          if (!client.shake_hands()) return;
          client.packets = 0;
          same = client.ask_for(answer.size()) == answer;
          packets = client.packets;
        },
        answer);
    EXPECT_TRUE(same);
    EXPECT_EQ(packets, 4) << "of three records each";
  }
}

TEST(stream, sends_much_whole_and_in_order_to_a_network_that_takes_little) {
  const auto context = server_of(make_pki());
  const auto answer = numbers(1'000'003);
  bool same = false;
  bool again = false;
  meet(
      context.get(), TLS1_3_VERSION, nullptr,
      [&](packet_client& client) {
        if (!client.shake_hands()) return;
        same = client.ask_for(answer.size()) == answer;
        again = client.ask_for(answer.size()) == answer;
      },
      answer, SOCK_STREAM);
  EXPECT_TRUE(same);
  EXPECT_TRUE(again);
}

TEST(stream, that_loses_its_client_in_the_midst_of_much_says_so) {
  const auto context = server_of(make_pki());
  auto [theirs, ours] = packet_pair(true, SOCK_STREAM);
  packet_client client(std::move(theirs), TLS1_3_VERSION, nullptr);
  std::thread thread([&] {
    if (client.shake_hands()) (void)client.ask_for(1000);
    client.end();
  });
  net::loop loop;
  tls::ssl_ptr ssl(SSL_new(context.get()));
  SSL_set_accept_state(ssl.get());
  tls::stream stream(loop, std::move(ours), std::move(ssl));
  io_status written = io_status::ok;
  auto work = [](tls::stream& to, io_status& outcome) -> task<> {
    auto shaking = to.handshake();
    (void)co_await std::move(shaking);
    const auto much = numbers(std::size_t{8} << 20U);
    auto writing = to.write(much);
    outcome = co_await std::move(writing);
  };
  loop.spawn(work(stream, written));
  loop.run_until_idle();
  thread.join();
  EXPECT_EQ(written, io_status::cut_off);
}

// How a server's read ends when its client does.
task<> read_to_the_end(tls::stream& stream, io_status& last) {
  auto shaking = stream.handshake();
  last = co_await std::move(shaking);
  while (last == io_status::ok) {
    std::array<char, 1024> asked{};
    auto reading = stream.read(asked);
    const auto got = co_await std::move(reading);
    last = got.status;
  }
}

TEST(stream, never_takes_an_end_without_a_goodbye_for_one_with_it) {
  const server_files files(make_pki());
  const auto context =
      tls::server_context::load(files.config(tls::client_auth::none), 1, std::make_shared<tls::session_cache>());
  ASSERT_TRUE(context);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const std::string ending : {"goodbye", "nothing", "half a record"}) {
      SCOPED_TRACE(ending);
      auto [theirs, ours] = packet_pair(true, SOCK_STREAM);
      packet_client client(std::move(theirs), version, nullptr);
      std::thread thread([&] {
        if (client.shake_hands()) client.end_by(ending);
        client.end();
      });
      net::loop loop;
      tls::client_facts facts;
      tls::stream stream(loop, std::move(ours), (*context)->accept(facts));
      auto last = io_status::ok;
      loop.spawn(read_to_the_end(stream, last));
      loop.run_until_idle();
      thread.join();
      EXPECT_EQ(last, ending == "goodbye" ? io_status::ended : io_status::cut_off);
    }
  }
}

TEST(stream, sends_the_ticket_at_once_to_a_client_that_asks_nothing_yet) {
  const auto context = server_of(make_pki());
  int tickets = 0;
  std::string answer;
  meet(context.get(), TLS1_3_VERSION, nullptr, [&](packet_client& client) {
    if (!client.shake_hands()) return;
    client.send();
    if (!client.receive()) return;
    (void)client.read();
    tickets = client.tickets;
    client.write("ask");
    if (client.receive()) answer = client.read();
  });
  EXPECT_EQ(tickets, 1);
  EXPECT_EQ(answer, "answer");
}

TEST(stream, does_not_hold_the_finished_of_tls_1_2_back) {
  const auto context = server_of(make_pki());
  bool connected = false;
  std::string answer;
  meet(context.get(), TLS1_2_VERSION, nullptr, [&](packet_client& client) {
    connected = client.shake_hands();
    if (!connected) return;
    client.write("ask");
    if (client.receive()) answer = client.read();
  });
  EXPECT_TRUE(connected);
  EXPECT_EQ(answer, "answer");
}

TEST(stream, shakes_hands_also_when_the_key_share_must_be_asked_for_again) {
  const auto context = server_of(make_pki());
  SSL_CTX_set1_groups_list(context.get(), "P-384");  // which OpenSSL's client names, and sends no share of
  std::string answer;
  const auto shaken = meet(context.get(), TLS1_3_VERSION, nullptr, [&](packet_client& client) {
    if (!client.shake_hands()) return;
    client.write("ask");
    while (answer.empty() && client.receive()) answer = client.read();
  });
  EXPECT_EQ(shaken, io_status::ok);
  EXPECT_EQ(answer, "answer");
}

TEST(stream, sends_the_alert_of_a_handshake_that_fails_late) {
  const auto people = make_pki();
  const auto context = server_of(people);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  bool alerted = false;
  const auto shaken = meet(context.get(), TLS1_3_VERSION, &people.client, [&](packet_client& client) {
    if (!client.shake_hands()) return;
    client.send();
    if (!client.receive()) return;
    (void)client.read();
    alerted = ERR_GET_REASON(ERR_peek_error()) == SSL_R_TLSV1_ALERT_UNKNOWN_CA;
  });
  EXPECT_EQ(shaken, io_status::failed);
  EXPECT_TRUE(alerted);
}

TEST(stream, looks_at_the_first_byte_and_leaves_it_to_be_read) {
  auto [theirs, ours] = packet_pair(false, SOCK_STREAM);
  net::loop loop;
  tls::stream stream(loop, std::move(ours), nullptr);
  char first = 0;
  EXPECT_EQ(stream.try_look(first).status, io_status::would_block);
  ASSERT_EQ(::send(theirs.get(), "hello", 5, 0), 5);
  ASSERT_EQ(stream.try_look(first).status, io_status::ok);
  EXPECT_EQ(first, 'h');
  ASSERT_EQ(stream.try_look(first).status, io_status::ok);
  EXPECT_EQ(first, 'h');
  std::array<char, 3> some{};
  EXPECT_EQ(stream.try_read(some).bytes, 3U);
  EXPECT_EQ(std::string(some.data(), 3), "hel");
  EXPECT_EQ(stream.try_read(some).bytes, 2U);
  EXPECT_EQ(std::string(some.data(), 2), "lo");
  EXPECT_EQ(stream.try_read(some).status, io_status::would_block);
  theirs.reset();
  EXPECT_EQ(stream.try_read(some).status, io_status::ended);
}

TEST(stream, gives_what_it_looked_at_to_tls) {
  const auto context = server_of(make_pki());
  auto [theirs, ours] = packet_pair(true, SOCK_STREAM);
  packet_client client(std::move(theirs), TLS1_3_VERSION, nullptr);
  std::string answer;
  std::thread thread([&] {
    if (client.shake_hands()) client.write("ask");
    while (answer.empty() && client.receive()) answer = client.read();
    client.end();
  });
  net::loop loop;
  tls::stream stream(loop, std::move(ours), nullptr);
  io_status shaken = io_status::cancelled;
  char first = 0;
  while (stream.try_look(first).status == io_status::would_block) std::this_thread::yield();
  tls::ssl_ptr ssl(SSL_new(context.get()));
  SSL_set_accept_state(ssl.get());
  stream.start_tls(std::move(ssl));
  loop.spawn(answer_all(stream, shaken));
  loop.run_until_idle();
  thread.join();
  EXPECT_EQ(first, '\x16');
  EXPECT_EQ(shaken, io_status::ok);
  EXPECT_EQ(answer, "answer");
}

// Fills a socket until it takes no more; gives how much went in.
std::size_t fill(int fd) {
  const std::string block(4096, '.');
  std::size_t total = 0;
  for (;;) {
    const auto sent = ::send(fd, block.data(), block.size(), MSG_NOSIGNAL);
    if (sent < 0) return total;
    total += static_cast<std::size_t>(sent);
  }
}

std::string drain(int fd) {
  std::string all;
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) return all;
    all.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

task<> wait_once(net::socket& one) { (void)co_await one.readable(); }

void wait_for_news(net::loop& loop, net::socket& one) {
  loop.spawn(wait_once(one));
  loop.run_until_idle();
}

TEST(socket_bio, keeps_what_it_holds_in_order_when_the_network_takes_nothing) {
  auto [theirs, ours] = packet_pair(false, SOCK_STREAM);
  net::loop loop;
  const int fd = ours.get();
  net::socket socket(loop, std::move(ours));
  tls::socket_bio_state state;
  state.socket = &socket;
  const auto bio = tls::make_socket_bio(state);
  const auto before = fill(fd);
  state.holding = true;
  EXPECT_EQ(BIO_write(bio.get(), "held ", 5), 5);
  state.holding = false;
  EXPECT_FALSE(tls::flush(state));
  EXPECT_LT(BIO_write(bio.get(), "more", 4), 0);
  EXPECT_NE(BIO_should_retry(bio.get()), 0);
  EXPECT_EQ(drain(theirs.get()).size(), before);
  EXPECT_EQ(BIO_write(bio.get(), "more", 4), 4);
  EXPECT_TRUE(tls::flush(state));
  EXPECT_EQ(drain(theirs.get()), "held more");
}

TEST(socket_bio, takes_what_comes_along_with_a_few_bytes_in_one_read) {
  auto [theirs, ours] = packet_pair(false, SOCK_SEQPACKET);
  net::loop loop;
  net::socket socket(loop, std::move(ours));
  tls::socket_bio_state state;
  state.socket = &socket;
  const auto bio = tls::make_socket_bio(state);
  ASSERT_EQ(::send(theirs.get(), "headrest", 8, 0), 8);
  std::array<char, 8> buffer{};
  EXPECT_EQ(BIO_read(bio.get(), buffer.data(), 4), 4);
  EXPECT_EQ(std::string(buffer.data(), 4), "head");
  EXPECT_EQ(BIO_read(bio.get(), buffer.data(), 8), 4);
  EXPECT_EQ(std::string(buffer.data(), 4), "rest");
  EXPECT_TRUE(state.early.empty());
  EXPECT_LT(BIO_read(bio.get(), buffer.data(), 8), 0);
}

TEST(socket_bio, does_not_ask_a_socket_again_that_gave_less_than_it_could) {
  auto [theirs, ours] = packet_pair(false, SOCK_STREAM);
  net::loop loop;
  net::socket socket(loop, std::move(ours));
  tls::socket_bio_state state;
  state.socket = &socket;
  const auto bio = tls::make_socket_bio(state);
  std::array<char, 2048> buffer{};
  const std::string more_than_fits(buffer.size() + 3, '.');
  ASSERT_EQ(::send(theirs.get(), more_than_fits.data(), more_than_fits.size(), 0), ssize_t{2051});
  EXPECT_EQ(BIO_read(bio.get(), buffer.data(), 2048), 2048);
  EXPECT_TRUE(socket.may_receive());
  EXPECT_EQ(BIO_read(bio.get(), buffer.data(), 2048), 3);
  EXPECT_FALSE(socket.may_receive());
  ASSERT_EQ(::send(theirs.get(), "x", 1, 0), 1);
  EXPECT_LT(BIO_read(bio.get(), buffer.data(), 2048), 0);
  EXPECT_NE(BIO_should_retry(bio.get()), 0);
  wait_for_news(loop, socket);
  EXPECT_EQ(BIO_read(bio.get(), buffer.data(), 2048), 1);
  theirs.reset();
  wait_for_news(loop, socket);
  EXPECT_EQ(BIO_read(bio.get(), buffer.data(), 2048), 0);
  EXPECT_TRUE(state.ended);
}

}  // namespace
}  // namespace mutual::test
