// Bodies that a task writes, and server-sent events.
#include "app/workers.hpp"

#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace mutual {
namespace {

using std::chrono::milliseconds;

TEST(written_bodies, are_what_their_task_writes) {
  app service;
  service.get("/{n}", [](int n) {
    return written("text/csv", [n](body_writer& out) -> task<> {
      for (int line = 0; line < n; ++line) {
        co_await out.write(std::to_string(line) + "\n");
        co_await out.write("");
      }
    });
  });
  test_client client(service);
  EXPECT_EQ(client.get("/3").body, "0\n1\n2\n");
  EXPECT_EQ(client.get("/3").header("Content-Type"), "text/csv");
  EXPECT_EQ(client.get("/0").body, "");
  EXPECT_EQ(client.get("/100000").body.size(), 588890U) << "and no stack is used up";
}

TEST(written_bodies, may_wait_for_other_things) {
  app service;
  service.get("/", [] {
    return written("text/plain", [](body_writer& out) -> task<> {
      co_await out.write("a");
      co_await sleep(milliseconds(5));
      auto work = [] { return std::string("b"); };
      std::string found = co_await offload(work);
      co_await out.write(std::move(found));
      co_await sleep(milliseconds(5));
    });
  });
  test_client client(service);
  EXPECT_EQ(client.get("/").body, "ab");
}

TEST(written_bodies, break_off_where_their_task_throws) {
  app service;
  service.log_to([](std::string_view) {});
  service.get("/", [] {
    return written("text/plain", [](body_writer& out) -> task<> {
      co_await out.write("a");
      throw std::runtime_error("no more");
    });
  });
  test_client client(service);
  const auto got = client.get("/");
  EXPECT_EQ(got.body, "a");
  EXPECT_TRUE(got.cut_off);
}

TEST(written_bodies, are_not_begun_for_a_head_and_end_with_their_reader) {
  app service;
  auto alive = std::make_shared<int>(0);
  service.get("/", [alive] {
    return written("text/plain", [alive](body_writer& out) -> task<> {
      const auto held = alive;
      for (;;) co_await out.write("x");
    });
  });
  service.freeze();
  EXPECT_EQ(alive.use_count(), 2);
  {
    test_client client(service);
    EXPECT_EQ(client.head("/").body, "");
  }
  request asked;
  auto work = service.handle(asked);
  EXPECT_FALSE(work.await_suspend(std::noop_coroutine()));
  {
    response made = work.await_resume();
    for (int count = 0; count < 3; ++count) {
      auto piece = made.source();
      EXPECT_FALSE(piece.await_suspend(std::noop_coroutine()));
      EXPECT_EQ(piece.await_resume(), "x");
    }
    EXPECT_GE(alive.use_count(), 4) << "the task is there, and holds it";
  }
  EXPECT_EQ(alive.use_count(), 2);
}

TEST(events, are_written_as_browsers_read_them) {
  EXPECT_EQ(event("hello").to_text(), "data: hello\n\n");
  EXPECT_EQ(event("").to_text(), "data: \n\n");
  EXPECT_EQ(event("a\nb\r\nc\rd").to_text(), "data: a\ndata: b\ndata: c\ndata: d\n\n");
  EXPECT_EQ(event("x").name("tick").id("7").retry(milliseconds(1500)).to_text(),
            "event: tick\nid: 7\nretry: 1500\ndata: x\n\n");
}

TEST(events, never_let_a_name_or_an_id_begin_another_line) {
  EXPECT_THROW((void)event("x").name("a\ndata: forged").to_text(), std::invalid_argument);
  EXPECT_THROW((void)event("x").id("a\rb").to_text(), std::invalid_argument);
  EXPECT_THROW((void)event("x").id(std::string("a\0b", 3)).to_text(), std::invalid_argument);
}

TEST(events, come_as_a_stream_with_heartbeats_where_there_is_nothing_to_say) {
  app service;
  service.get("/", [](const request& incoming) {
    const std::string last(last_event_id(incoming).value_or("none"));
    const auto send = [last](event_stream& out) -> task<> {
      co_await out.send("after " + last);
      co_await sleep(milliseconds(100));
      co_await out.send(event("end").id("2"));
    };
    return events(send, milliseconds(30));
  });
  test_client client(service);
  fields with;
  with.set("Last-Event-ID", "1");
  const auto got = client.get("/", with);
  EXPECT_EQ(got.header("Content-Type"), "text/event-stream");
  EXPECT_EQ(got.header("Cache-Control"), "no-store");
  EXPECT_EQ(got.body.find("data: after 1\n\n:\n\n"), 0U) << got.body;
  EXPECT_TRUE(got.body.ends_with("id: 2\ndata: end\n\n")) << got.body;
  EXPECT_FALSE(got.cut_off);
}

TEST(events, are_not_made_for_a_reader_that_does_not_ask_nor_do_heartbeats_pile_up_for_it) {
  std::vector<std::function<void()>> timers;
  home_thread home;
  home.after = [&](std::chrono::nanoseconds, std::function<void()> work) { timers.push_back(std::move(work)); };
  const home_scope lent(home);
  int begun = 0;
  const auto send = [&begun](event_stream& out) -> task<> {
    for (;;) {
      ++begun;
      co_await out.send("x");
    }
  };
  response made = events(send, milliseconds(1));
  const auto ask = [&] {
    auto piece = made.source();
    EXPECT_FALSE(piece.await_suspend(std::noop_coroutine()));
    return piece.await_resume();
  };
  EXPECT_EQ(ask(), "data: x\n\n");
  for (int count = 0; count < 100; ++count) {
    auto due = std::exchange(timers, {});
    EXPECT_EQ(due.size(), 1U);
    for (auto& work : due) work();
  }
  EXPECT_EQ(begun, 1);
  EXPECT_EQ(ask(), "data: x\n\n");
  EXPECT_EQ(begun, 2);
}

TEST(websockets, are_opened_for_those_who_ask_for_one_only) {
  app service;
  service.get(
      "/", [](const request& incoming) { return accept_websocket(incoming, [](websocket&) -> task<> { co_return; }); });
  test_client client(service);
  EXPECT_EQ(client.get("/").status, 426);
  EXPECT_EQ(client.get("/").header("Sec-WebSocket-Version"), "13");
}

// RFC 6455 sections 4.2.1 and 4.2.2.
TEST(websockets, are_refused_with_400_for_a_key_that_is_none_and_with_426_for_another_version) {
  request asked;
  asked.method = "GET";
  asked.headers.set("Connection", "Upgrade");
  asked.headers.set("Upgrade", "websocket");
  asked.headers.set("Sec-WebSocket-Version", "13");
  const auto answer = [&] { return accept_websocket(asked, [](websocket&) -> task<> { co_return; }); };
  EXPECT_EQ(answer().status, 400) << "without a key";
  asked.headers.set("Sec-WebSocket-Key", "bm90IHNpeHRlZW4=");
  EXPECT_EQ(answer().status, 400);
  EXPECT_FALSE(answer().headers.get("Upgrade"));
  asked.headers.set("Sec-WebSocket-Version", "8");
  EXPECT_EQ(answer().status, 426);
  EXPECT_EQ(answer().headers.get("Sec-WebSocket-Version"), "13");
  EXPECT_EQ(answer().headers.get("Upgrade"), "websocket");
  asked.headers.set("Sec-WebSocket-Version", "13");
  asked.headers.set("Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4PEA==");
  EXPECT_EQ(answer().status, 101);
}

}  // namespace
}  // namespace mutual
