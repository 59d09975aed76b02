// Streams of HTTP/2 that a handler takes over (RFC 8441).
#include "support/captured_log.hpp"
#include "support/h2_client.hpp"
#include "support/service.hpp"

#include <mutual/tunnel.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using clock = std::chrono::steady_clock;

// Gives back what comes, until it ends, "quit" comes, or the server stops.
task<> echo(tunnel& under) {
  for (;;) {
    if (under.stopping()) break;
    auto came = co_await under.read();
    if (came.what == tunnel::news::ended || came.bytes == "quit") break;
    if (came.what == tunnel::news::nothing) continue;
    if (came.bytes == "throw") throw std::runtime_error("the tunnel fell in");
    const bool sent = co_await under.write(std::move(came.bytes));
    if (!sent) break;
  }
  const bool told = co_await under.write("bye");
  (void)told;
}

field_list asking_for_tunnel(std::string_view path = "/echo", const char* protocol = "websocket") {
  return request_fields("CONNECT", path, {{":protocol", protocol}});
}

class h2_tunnel : public testing::Test {
 protected:
  h2_tunnel() {
    options_.answer = [this](request& asked, http::answer_notes&) -> task<response> {
      ++requests_;
      upgrade_ = asked.headers.get("Upgrade") ? std::string(*asked.headers.get("Upgrade")) : "";
      method_ = asked.method;
      response made(200, "ok");
      if (asked.target == "/echo") made.takeover = echo;
      if (asked.target == "/denied") {
        made.takeover = echo;
        made.status = 403;
      }
      if (asked.target == "/refuse") made = response(403, "no");
      co_return made;
    };
    options_.on_answer = [this](const request& asked, const http::answer_notes& notes, int status, std::size_t,
                                std::chrono::nanoseconds) {
      incomplete_ = notes.incomplete;
      told_as_connect_ = asked.method == "CONNECT";
      status_ = status;
    };
  }
  client_options alice() const {
    return {.chain = {files_.people().client, files_.people().intermediate}, .server_name = "localhost"};
  }
  const service& serving() {
    service_ = std::make_unique<service>(options_);
    return *service_;
  }
  bool status_becomes(int expected) {
    for (int count = 0; count < 500 && status_ != expected; ++count) std::this_thread::sleep_for(milliseconds(10));
    return status_ == expected;
  }

  server_files files_{make_pki()};
  captured_log log_;
  http::server_options options_ = options_for(log_, files_.config(tls::client_auth::required, true));
  std::atomic<int> requests_{0};
  std::atomic<int> status_{0};
  std::atomic<bool> incomplete_{false};
  std::atomic<bool> told_as_connect_{false};
  std::string upgrade_;
  std::string method_;

 private:
  std::unique_ptr<service> service_;
};

TEST_F(h2_tunnel, speaks_both_ways_beside_other_requests) {
  h2_client client(serving().port(), alice());
  EXPECT_EQ(client.get("/").body, "ok");
  EXPECT_EQ(client.setting(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL), 1U);
  const auto id = client.begin(asking_for_tunnel());
  EXPECT_TRUE(client.read_until([&] { return client.answer(id).status != 0; }));
  EXPECT_EQ(client.answer(id).status, 200);
  EXPECT_FALSE(client.answer(id).fields.contains("content-length"));
  EXPECT_EQ(method_, "GET");
  EXPECT_EQ(upgrade_, "websocket");
  client.send_body(id, "hello", false);
  EXPECT_TRUE(client.read_until([&] { return client.answer(id).body == "hello"; }));
  EXPECT_EQ(client.get("/").body, "ok");
  client.send_body(id, "quit", false);
  EXPECT_TRUE(client.wait_for(id).ended);
  EXPECT_EQ(client.answer(id).body, "hellobye");
  for (int count = 0; count < 500 && !told_as_connect_; ++count) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_TRUE(told_as_connect_) << "as it came, whatever its handler sees";
  EXPECT_EQ(client.get("/").body, "ok");
}

TEST_F(h2_tunnel, carries_much_with_the_clients_windows_as_the_measure) {
  h2_client client(serving().port(), alice());
  const auto id = client.begin(asking_for_tunnel());
  std::string sent;
  for (int count = 0; count < 30; ++count) {
    const std::string piece(50'000, static_cast<char>('a' + count % 26));
    sent += piece;
    client.send_body(id, piece, count == 29);
    EXPECT_TRUE(client.read_until([&] { return client.answer(id).body.size() >= sent.size(); }));
  }
  EXPECT_EQ(client.wait_for(id).body, sent + "bye");
  EXPECT_TRUE(status_becomes(200));
  EXPECT_FALSE(incomplete_);
}

TEST_F(h2_tunnel, waits_for_a_client_that_makes_no_room_with_one_piece_in_hand) {
  constexpr std::size_t piece_size = 16'384;
  std::atomic<int> begun{0};
  options_.answer = [&begun](request& asked, http::answer_notes&) -> task<response> {
    response made(200);
    if (asked.target != "/echo") co_return made;
    made.takeover = [&begun](tunnel& under) -> task<> {
      for (int count = 0; count < 1000; ++count) {
        std::string piece(piece_size, 'x');
        ++begun;
        const bool sent = co_await under.write(std::move(piece));
        if (!sent) co_return;
      }
    };
    co_return made;
  };
  h2_client client(serving().port(), alice(), {.window = 65'535, .gives_room = false});
  const auto id = client.begin(asking_for_tunnel());
  EXPECT_TRUE(client.read_until([&] { return client.answer(id).body.size() == 65'535; }));
  // The others on the connection are served, and many turns go by.
  for (int count = 0; count < 50; ++count)
    EXPECT_EQ(client.wait_for(client.ask(request_fields("HEAD", "/"))).status, 200);
  EXPECT_EQ(client.answer(id).body.size(), 65'535U);
  EXPECT_LE(begun, 65'535 / static_cast<int>(piece_size) + 2);
}

TEST_F(h2_tunnel, may_be_silent_for_longer_than_a_body) {
  options_.timeouts.body = milliseconds(200);
  options_.timeouts.idle = milliseconds(400);
  h2_client client(serving().port(), alice());
  const auto id = client.begin(asking_for_tunnel());
  std::this_thread::sleep_for(seconds(1));
  client.send_body(id, "still here", false);
  EXPECT_TRUE(client.read_until([&] { return client.answer(id).body == "still here"; }));
}

TEST_F(h2_tunnel, ends_when_the_client_has_ended_its_side_or_taken_it_back) {
  h2_client client(serving().port(), alice());
  const auto ended = client.begin(asking_for_tunnel());
  client.send_body(ended, "last", true);
  EXPECT_EQ(client.wait_for(ended).body, "lastbye");
  const auto empty = client.ask(asking_for_tunnel());
  EXPECT_EQ(client.wait_for(empty).body, "bye");
  const auto reset = client.begin(asking_for_tunnel());
  EXPECT_TRUE(client.read_until([&] { return client.answer(reset).status == 200; }));
  status_ = 0;
  client.reset(reset);
  EXPECT_TRUE(status_becomes(200));
  EXPECT_TRUE(incomplete_);
  EXPECT_EQ(client.get("/").body, "ok");
}

TEST_F(h2_tunnel, is_one_of_sixteen_at_most_on_a_connection) {
  h2_client client(serving().port(), alice());
  std::vector<std::uint32_t> all;
  for (int count = 0; count < 16; ++count) all.push_back(client.begin(asking_for_tunnel()));
  EXPECT_TRUE(client.read_until([&] { return client.answer(all.back()).status == 200; }));
  EXPECT_EQ(client.wait_for(client.begin(asking_for_tunnel())).status, 503);
  client.send_body(all.front(), "quit", true);
  EXPECT_EQ(client.wait_for(all.front()).body, "bye");
  const auto next = client.begin(asking_for_tunnel());
  EXPECT_TRUE(client.read_until([&] { return client.answer(next).status == 200; }));
}

TEST_F(h2_tunnel, has_no_trailer) {
  h2_client client(serving().port(), alice());
  const auto id = client.begin(asking_for_tunnel());
  client.send_body(id, "last", true, {{"checksum", "1"}, {"x", "2"}});
  EXPECT_EQ(client.wait_for(id).body, "lastbye");
}

TEST_F(h2_tunnel, is_told_of_a_stop) {
  const auto& running = serving();
  h2_client client(running.port(), alice());
  const auto id = client.begin(asking_for_tunnel());
  EXPECT_TRUE(client.read_until([&] { return client.answer(id).status == 200; }));
  const auto began = clock::now();
  running->stop();
  EXPECT_EQ(client.wait_for(id).body, "bye");
  EXPECT_TRUE(client.answer(id).ended);
  client.read_to_end();
  EXPECT_TRUE(running->wait());
  EXPECT_LT(clock::now() - began, seconds(5));
}

TEST_F(h2_tunnel, that_falls_in_is_told_in_the_log_and_hurts_nobody_else) {
  h2_client client(serving().port(), alice());
  const auto id = client.begin(asking_for_tunnel());
  client.send_body(id, "throw", false);
  client.wait_for(id);
  EXPECT_TRUE(log_.wait_for("the tunnel fell in"));
  EXPECT_EQ(client.get("/").body, "ok");
}

TEST_F(h2_tunnel, is_not_there_where_no_handler_takes_it) {
  h2_client client(serving().port(), alice());
  EXPECT_EQ(client.wait_for(client.begin(asking_for_tunnel("/"))).status, 400);
  EXPECT_EQ(client.wait_for(client.begin(asking_for_tunnel("/refuse"))).status, 403);
  EXPECT_EQ(client.wait_for(client.begin(asking_for_tunnel("/denied"))).status, 403) << "middleware has the last word";
  EXPECT_EQ(client.get("/echo").status, 500) << "nothing else can be taken over";
  EXPECT_TRUE(log_.wait_for("wants to take a connection over"));
  const auto before = requests_.load();
  EXPECT_EQ(client.wait_for(client.begin(asking_for_tunnel("/echo", "connect-udp"))).status, 501);
  EXPECT_EQ(client
                .wait_for(client.begin(
                    request_fields("CONNECT", "/echo", {{":protocol", "websocket"}, {"content-length", "5"}})))
                .status,
            400);
  EXPECT_EQ(requests_, before);
}

}  // namespace
}  // namespace mutual::test
