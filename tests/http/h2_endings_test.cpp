// How what a client of HTTP/2 has asked for goes on, and ends, when the client has gone, has said that it says no more,
// or may not be there any more.
#include "http/one_thread.hpp"

#include <mutual/tunnel.hpp>

#include <cstddef>
#include <ctime>
#include <sys/socket.h>

namespace mutual::test {
namespace {

using std::chrono::seconds;

bool all_are_closed(const service& running) {
  for (int count = 0; count < 1000 && running->open_connections() != 0; ++count) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  return running->open_connections() == 0;
}

// A source of so many pieces, each of which is there at once.
body_source always_ready(std::size_t piece, int count) {
  return [piece, left = count]() mutable -> task<std::optional<std::string>> {
    if (left-- == 0) co_return std::nullopt;
    co_return std::string(piece, 'x');
  };
}

TEST_F(one_thread, sends_what_was_asked_for_before_the_client_said_that_it_says_no_more_over_http_2) {
  for (const std::size_t piece : {std::size_t{1024}, std::size_t{48} * 1024}) {
    const int count = static_cast<int>((std::size_t{4} << 20U) / piece);
    use_tls(milliseconds(1));
    greedy_ = [&] {
      response made(200);
      made.source = always_ready(piece, count);
      return made;
    };
    const service running(options_);
    h2_client client(running.port(), {}, with_much_room());
    give_room(client);
    const auto id = client.ask("/greedy");
    client.under().shut_down();
    client.read_to_end();
    EXPECT_EQ(client.answer(id).body.size(), piece * static_cast<std::size_t>(count));
    EXPECT_TRUE(client.answer(id).ended);
  }
}

// The ways in which a client says that it says no more, and reads on.
void say_goodbye(h2_client& client) { client.under().shut_down(); }
void say_goodbye_and_end(h2_client& client) {
  client.under().shut_down();
  (void)::shutdown(client.under().fd(), SHUT_WR);
}
void just_end(h2_client& client) { (void)::shutdown(client.under().fd(), SHUT_WR); }

class one_thread_that_waits : public one_thread {
 protected:
  // Gives so many pieces of a KiB, each after a while.
  response slow_pieces(int count, milliseconds each) {
    response made(200);
    made.source = [this, each, left = count]() mutable -> task<std::optional<std::string>> {
      if (left-- == 0) co_return std::nullopt;
      auto before = loop_->sleep(each);
      co_await before;
      co_return std::string(1024, 'x');
    };
    return made;
  }
};

TEST_F(one_thread_that_waits, for_an_answers_source_sends_all_of_it_after_the_clients_end_over_http_2) {
  for (const auto end : {say_goodbye, say_goodbye_and_end, just_end}) {
    use_tls(milliseconds(1));
    greedy_ = [&] { return slow_pieces(5, milliseconds(100)); };
    const service running(options_);
    h2_client client(running.port(), {});
    const auto id = client.ask("/greedy");
    end(client);
    const auto before = std::clock();
    client.read_to_end();
    EXPECT_EQ(client.answer(id).body.size(), 5 * 1024U);
    EXPECT_TRUE(client.answer(id).ended);
    EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 4) << "half a second is waited, and not worked";
  }
}

TEST_F(one_thread_that_waits, for_a_handler_sends_its_answer_after_the_clients_end_over_http_2) {
  for (const auto end : {say_goodbye, say_goodbye_and_end, just_end}) {
    use_tls(milliseconds(1));
    options_.answer = [this](request&, http::answer_notes&) -> task<response> {
      auto before = loop_->sleep(milliseconds(300));
      co_await before;
      co_return response(200, "late");
    };
    const service running(options_);
    h2_client client(running.port(), {});
    const auto id = client.ask("/late");
    end(client);
    client.read_to_end();
    EXPECT_EQ(client.answer(id).body, "late");
    EXPECT_TRUE(client.answer(id).ended);
  }
}

TEST_F(one_thread_that_waits, for_an_answers_source_does_so_for_a_while_after_the_clients_end_over_http_2) {
  use_tls(milliseconds(1));
  options_.timeouts.linger = milliseconds(200);
  greedy_ = [&] { return slow_pieces(2, milliseconds(3'000)); };
  const service running(options_);
  h2_client client(running.port(), {});
  const auto id = client.ask("/greedy");
  say_goodbye(client);
  const auto began = std::chrono::steady_clock::now();
  client.read_to_end();
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(2'500));
  EXPECT_FALSE(client.answer(id).ended);
}

// What has no end is not waited for, nor what waits for the client itself.
TEST_F(one_thread_that_waits, in_vain_ends_with_its_client_over_http_2) {
  use_tls(milliseconds(1));
  options_.timeouts.linger = seconds(30);
  greedy_ = [&] {
    auto made = slow_pieces(2, milliseconds(1'000));
    made.endless = true;
    return made;
  };
  options_.check_head = [](const request&) { return http::body_terms{{}, true, true}; };
  const service running(options_);
  h2_client client(running.port(), {});
  client.ask("/greedy");
  (void)client.begin(request_fields("POST", "/upload"));
  say_goodbye(client);
  const auto began = std::chrono::steady_clock::now();
  client.read_to_end();
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(5));
}

TEST_F(one_thread, asks_for_nothing_more_once_the_client_has_gone_over_http_2) {
  use_tls(milliseconds(1));
  std::atomic<bool> done{false};
  greedy_ = [&done] {
    response made(200);
    made.endless = true;
    made.source = [&done]() -> task<std::optional<std::string>> {
      if (done) co_return std::nullopt;
      co_return std::string();
    };
    return made;
  };
  const service running(options_);
  {
    h2_client client(running.port(), {});
    const auto id = client.ask("/greedy");
    ASSERT_TRUE(client.read_until([&] { return client.answer(id).status != 0; }));
  }
  EXPECT_TRUE(all_are_closed(running));
  done = true;
}

// The one works on through what it has left behind; the other is served as before.
TEST(who_has_two_tunnels, has_none_once_the_certificate_has_ended_whatever_one_of_them_does) {
  captured_log log;
  const server_files files(make_pki());
  auto options = options_for(log, files.config(tls::client_auth::required));
  std::atomic<bool> began{false};
  std::atomic<bool> done{false};
  options.answer = [&](request& asked, http::answer_notes&) -> task<response> {
    response made(200);
    if (asked.target == "/works-on") {
      made.takeover = [&](tunnel& under) -> task<> {
        (void)co_await under.read();
        began = true;
        while (!done) {
          const bool goes_on = co_await under.pause();
          if (!goes_on) break;
          std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
      };
    } else {
      made.takeover = [](tunnel& under) -> task<> {
        for (;;) {
          auto came = co_await under.read();
          if (came.what == tunnel::news::ended) co_return;
          const bool sent = co_await under.write(std::move(came.bytes));
          if (!sent) co_return;
        }
      };
    }
    co_return made;
  };
  const service running(options);
  auto short_lived = client_spec();
  short_lived.ends_in = seconds(3);
  const auto alice = issue(files.people().intermediate, short_lived);
  h2_client client(running.port(), {.chain = {alice, files.people().intermediate}, .server_name = "localhost"});
  ASSERT_TRUE(client.read_until([&] { return client.setting(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1; }));
  const auto open = [&](const char* path) {
    const auto id = client.begin(request_fields("CONNECT", path, {{":protocol", "websocket"}}));
    EXPECT_TRUE(client.read_until([&] { return client.answer(id).status != 0; }));
    return id;
  };
  const auto echo = open("/echo");
  const auto works_on = open("/works-on");
  client.send_body(works_on, "much to do", false);
  hold_until(began);
  client.reset(works_on);
  const auto end = std::chrono::steady_clock::now() + seconds(20);
  while (!client.ended() && std::chrono::steady_clock::now() < end) {
    const auto size = client.answer(echo).body.size();
    client.send_body(echo, "x", false);
    client.read_until([&] { return client.answer(echo).body.size() > size || client.answer(echo).ended; });
    if (client.answer(echo).ended) break;
    std::this_thread::sleep_for(milliseconds(50));
  }
  EXPECT_LT(std::chrono::steady_clock::now(), end) << "it goes on being served";
  EXPECT_TRUE(log.wait_for("expired: "));
  EXPECT_TRUE(all_are_closed(running));
  done = true;
}

TEST(who_has_a_tunnel, has_no_further_turn_when_a_request_beside_it_has_found_that_the_certificate_has_ended) {
  const captured_log log;
  const server_files files(make_pki());
  auto options = options_for(log, files.config(tls::client_auth::required));
  std::atomic<int> turns{0};
  std::atomic<int> too_many{0};
  options.answer = [&](request& asked, http::answer_notes&) -> task<response> {
    response made(200, "ok");
    if (asked.target != "/works-on") co_return made;
    made.takeover = [&](tunnel& under) -> task<> {
      for (;;) {
        const bool goes_on = co_await under.pause();
        if (!goes_on) co_return;
        ++turns;
        if (log.count("expired: ") > 0) ++too_many;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
    };
    co_return made;
  };
  const service running(options);
  auto short_lived = client_spec();
  short_lived.ends_in = seconds(3);
  const auto alice = issue(files.people().intermediate, short_lived);
  h2_client client(running.port(), {.chain = {alice, files.people().intermediate}, .server_name = "localhost"});
  ASSERT_TRUE(client.read_until([&] { return client.setting(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1; }));
  (void)client.begin(request_fields("CONNECT", "/works-on", {{":protocol", "websocket"}}));
  const auto end = std::chrono::steady_clock::now() + seconds(20);
  while (client.get("/").ended && std::chrono::steady_clock::now() < end) {
  }
  EXPECT_TRUE(log.wait_for("expired: "));
  EXPECT_GT(turns, 0);
  EXPECT_TRUE(all_are_closed(running));
  EXPECT_EQ(too_many, 0);
}

}  // namespace
}  // namespace mutual::test
