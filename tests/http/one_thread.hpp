#pragma once
// A server of one thread, on which what one client asks for must not keep another waiting.

#include "net/loop.hpp"
#include "support/captured_log.hpp"
#include "support/h2_client.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace mutual::test {

using std::chrono::milliseconds;

// Waits on the thread that serves, which no handler should: here it makes sure that all that is sent has come.
inline void hold_until(const std::atomic<bool>& opened) {
  for (int count = 0; !opened && count < 1000; ++count) std::this_thread::sleep_for(milliseconds(10));
}

inline h2_client_options with_much_room() {
  h2_client_options manners;
  manners.window = 1U << 30U;
  return manners;
}

inline void give_room(h2_client& client) {
  nghttp2_session_set_local_window_size(client.native(), NGHTTP2_FLAG_NONE, 0, 1 << 30);
  client.flush();
}

// A server of one thread. What `greedy` asks for begins, and waits on the thread, until the other's request is there.
class one_thread : public testing::Test {
 protected:
  one_thread() {
    options_.on_thread = [this](net::loop& serving) {
      loop_ = &serving;
      return nullptr;
    };
    options_.answer = [this](request& asked, http::answer_notes&) -> task<response> {
      if (asked.target == "/greedy") co_return greedy_();
      if (asked.target == "/upload") {
        ++uploads_;
        for (;;) {
          const auto piece = co_await asked.source();
          if (!piece) break;
          take_a_step(milliseconds(25));
        }
      }
      if (asked.target == "/other") steps_before_ = steps_.load();
      co_return response(200, "");
    };
  }
  // To be called once, where what is greedy begins.
  void wait_for_other() {
    begun_ = true;
    hold_until(opened_);
  }
  // Does that when what is greedy has begun, and waits for it.
  void meanwhile(const std::function<void()>& work) {
    hold_until(begun_);
    work();
    opened_ = true;
  }
  // How many steps the greedy one's work made before the other was answered.
  template <class Connection>
  int steps_before(Connection& other) {
    meanwhile([&] { other.write(get_request("/other")); });
    (void)other.read_answer();
    return steps_before_;
  }
  // One of what is greedy, which takes so long; the first waits for the other's request.
  void take_a_step(milliseconds how_long = {}) {
    if (steps_ == 0) wait_for_other();
    std::this_thread::sleep_for(how_long);
    ++steps_;
  }
  // An answer of so many pieces, a step each, which take so long.
  response in_pieces(int count, std::string piece, milliseconds how_long = {}) {
    response made(200);
    made.source = [this, left = count, piece = std::move(piece),
                   how_long]() mutable -> task<std::optional<std::string>> {
      if (left-- == 0) co_return std::nullopt;
      take_a_step(how_long);
      co_return piece;
    };
    return made;
  }
  bool steps_become(int expected) {
    for (int count = 0; count < 1000 && steps_ < expected; ++count) std::this_thread::sleep_for(milliseconds(10));
    return steps_ == expected;
  }
  // One that gives nothing until `done`.
  static response nothing_until(const std::atomic<bool>& done) {
    response made(200);
    made.source = [&done]() -> task<std::optional<std::string>> {
      if (done) co_return std::nullopt;
      co_return std::string();
    };
    return made;
  }
  // Serves over TLS, one connection for so long in a row.
  void use_tls(std::chrono::milliseconds turn) {
    files_.emplace(make_pki());
    options_.tls = files_->config(tls::client_auth::none);
    options_.turn = turn;
  }
  // How many of twenty requests that one client of HTTP/2 has sent together were answered before the other was, where
  // one connection has its turn for so long.
  int answered_before(milliseconds turn) {
    const server_files files(make_pki());
    options_.tls = files.config(tls::client_auth::none);
    options_.turn = turn;
    greedy_ = [this] {
      if (steps_++ == 0) wait_for_other();
      return response(200, "");
    };
    const service running(options_);
    tls_connection other(running.port(), {});
    h2_client greedy(running.port(), {});
    if (!other.ask("/first")) return -1;
    std::string all;
    for (std::uint32_t count = 0; count < 20; ++count) {
      all += h2_request(2 * count + 1, request_fields("GET", "/greedy"));
    }
    if (!greedy.write(all)) return -1;
    return steps_before(other);
  }
  static constexpr const char* upgrade = "Connection: upgrade\r\nUpgrade: echo\r\n";

  captured_log log_;
  http::server_options options_ = options_for(log_);
  std::function<response()> greedy_;
  net::loop* loop_ = nullptr;  // of the thread that serves
  std::atomic<int> steps_{0};
  std::atomic<int> uploads_{0};

 private:
  std::optional<server_files> files_;
  std::atomic<bool> begun_{false};
  std::atomic<bool> opened_{false};
  std::atomic<int> steps_before_{-1};
};

}  // namespace mutual::test
