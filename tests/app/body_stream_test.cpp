// Handlers that read a request's body piece by piece.
#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <gtest/gtest.h>

namespace mutual {
namespace {

task<std::string> sizes(body_stream body) {
  std::string out;
  for (;;) {
    const auto piece = co_await body.next();
    if (!piece) break;
    out += std::to_string(piece->size()) + " ";
  }
  co_return out;
}

TEST(body_stream, gives_a_body_in_pieces_and_then_nothing) {
  app service;
  service.post("/blobs/{name}", [](std::string name, body_stream body) -> task<std::string> {
    auto work = sizes(body);
    const std::string all = co_await work;
    co_return name + ": " + all;
  });
  test_client client(service);
  EXPECT_EQ(client.post("/blobs/a", std::string(40'000, 'x')).body, "a: 16384 16384 7232 ");
  EXPECT_EQ(client.post("/blobs/b").body, "b: ");
}

TEST(body_stream, of_a_route_keeps_its_limit) {
  app service;
  service.post("/", [](body_stream body) { return sizes(body); }).body_limit(10);
  test_client client(service);
  EXPECT_EQ(client.post("/", "0123456789").status, 200);
  EXPECT_EQ(client.post("/", "0123456789a").status, 413);
}

TEST(body_stream, tells_the_client_what_it_throws) {
  app service;
  service.post("/", [](body_stream) -> task<std::string> {
    throw body_error(408, "too slow");
    co_return "";
  });
  test_client client(service);
  const auto answer = client.post("/", "x");
  EXPECT_EQ(answer.status, 408);
  EXPECT_NE(answer.body.find("too slow"), std::string::npos);
}

TEST(body_stream, is_one_piece_where_a_middleware_led_the_request_to_another_route) {
  app service;
  service.post("/whole", [] { return "whole"; });
  service.post("/pieces", [](body_stream body) { return sizes(body); });
  service.use([](request& incoming, next inner) -> task<response> {
    if (incoming.header("X-To")) incoming.target = std::string(*incoming.header("X-To"));
    return inner(incoming);
  });
  test_client client(service);
  request moved;
  moved.method = "POST";
  moved.target = "/whole";
  moved.body = std::string(20'000, 'x');
  moved.headers.set("X-To", "/pieces");
  EXPECT_EQ(client.send(moved).body, "20000 ");
}

TEST(body_stream, that_a_middleware_leads_to_a_handler_of_whole_bodies_is_not_an_empty_body) {
  app service;
  std::string said;
  service.log_to([&](std::string_view line) { said += line; });
  bool called = false;
  service.post("/whole", [&] {
    called = true;
    return "whole";
  });
  service.post("/pieces", [](body_stream body) { return sizes(body); });
  service.use([](request& incoming, next inner) -> task<response> {
    incoming.target = "/whole";
    return inner(incoming);
  });
  test_client client(service);
  EXPECT_EQ(client.post("/pieces", "x").status, 500);
  EXPECT_FALSE(called);
  EXPECT_NE(said.find("piece by piece"), std::string::npos);
}

TEST(body_stream, gives_all_also_when_the_request_is_moved_away) {
  app service;
  service.post("/", [](request& incoming, body_stream body) -> task<std::string> {
    const request mine = std::move(incoming);
    auto work = sizes(body);
    std::string all = co_await work;
    co_return all;
  });
  test_client client(service);
  EXPECT_EQ(client.post("/", "12345").body, "5 ");
}

}  // namespace
}  // namespace mutual
