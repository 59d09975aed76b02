// The client for tests answers as the server would.
#include "app/people.hpp"

#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

namespace mutual {
namespace {

request asking(std::string target) {
  request out;
  out.target = std::move(target);
  return out;
}

TEST(test_clients, are_told_500_for_a_response_that_cannot_be_sent) {
  app service;
  std::vector<std::string> said;
  service.log_to([&](std::string_view line) { said.emplace_back(line); });
  service.get("/split", [] { return response(200, "x").with("X-Split", "a\r\nSet-Cookie: b"); });
  service.get("/name", [] { return response(200, "x").with("X Name", "a"); });
  service.get("/status", [] { return response(99); });
  test_client client(service);
  for (const char* target : {"/split", "/name", "/status"}) {
    const auto answer = client.get(target);
    EXPECT_EQ(answer.status, 500) << target;
    EXPECT_FALSE(answer.header("X-Split")) << target;
  }
  EXPECT_EQ(said.size(), 3U);
}

TEST(test_clients, see_a_body_of_another_length_than_promised_cut_off) {
  app service;
  service.log_to([](std::string_view) {});
  const auto pieces = [](std::size_t promised) {
    response out(200);
    out.length = promised;
    out.source = [left = 2]() mutable -> task<std::optional<std::string>> {
      if (left-- == 0) co_return std::nullopt;
      co_return std::string("piece");
    };
    return out;
  };
  service.get("/{promised}", [&](std::size_t promised) { return pieces(promised); });
  test_client client(service);
  EXPECT_FALSE(client.get("/10").cut_off);
  EXPECT_EQ(client.get("/10").body, "piecepiece");
  EXPECT_TRUE(client.get("/12").cut_off);
  EXPECT_TRUE(client.get("/8").cut_off);
  EXPECT_LE(client.get("/8").body.size(), 8U);
}

TEST(test_clients, see_no_field_that_is_the_servers_to_write) {
  app service;
  service.get("/", [] {
    return response(200, "x").with("Content-Length", "500").with("Transfer-Encoding", "chunked").with("X", "own");
  });
  test_client client(service);
  const auto answer = client.get("/");
  EXPECT_EQ(answer.header("X"), "own");
  EXPECT_FALSE(answer.header("Content-Length"));
  EXPECT_FALSE(answer.header("Transfer-Encoding"));
}

TEST(test_clients, get_no_body_with_a_status_that_has_none) {
  app service;
  service.get("/204", [] { return response(204, "must not be sent"); });
  service.get("/304", [] { return response(304, "must not be sent"); });
  service.get("/source", [] {
    response out(204);
    out.source = []() -> task<std::optional<std::string>> { throw std::logic_error("nobody asks"); };
    return out;
  });
  test_client client(service);
  EXPECT_EQ(client.get("/204").body, "");
  EXPECT_EQ(client.get("/304").body, "");
  EXPECT_FALSE(client.get("/source").cut_off);
}

TEST(test_clients, are_refused_what_the_server_refuses_before_any_handler) {
  app service;
  int called = 0;
  service.use(after([&](const request&, response&) { ++called; }));
  service.get("/{rest...}", [](const std::string&) { return "x"; });
  test_client client(service);
  for (const char* bad : {"/a b", "/a\r\nX: y", "/a#b", "a", "*", "/\xff", "/a\"b"}) {
    EXPECT_EQ(client.get(bad).status, 400) << bad;
  }
  EXPECT_EQ(client.get("/" + std::string(9000, 'a')).status, 414);
  request long_field = asking("/");
  long_field.headers.add("X-Long", std::string(20'000, 'a'));
  EXPECT_EQ(client.send(long_field).status, 431);
  request split = asking("/");
  split.headers.add("X", "a\r\nY: b");
  EXPECT_EQ(client.send(split).status, 400);
  request two_hosts = asking("/");
  two_hosts.headers.add("Host", "a");
  two_hosts.headers.add("Host", "b");
  EXPECT_EQ(client.send(two_hosts).status, 400);
  EXPECT_EQ(called, 0);
}

TEST(test_clients, send_a_host_and_what_a_whole_url_names) {
  app service;
  service.get("/where", [](const request& incoming) {
    return std::string(incoming.header("Host").value_or("nobody")) + " " + incoming.target;
  });
  test_client client(service);
  EXPECT_EQ(client.get("/where").body, "localhost /where");
  request own = asking("/where");
  own.headers.add("Host", "books.example");
  EXPECT_EQ(client.send(own).body, "books.example /where");
  EXPECT_EQ(client.get("http://localhost/where?x=1").body, "localhost /where?x=1");
}

}  // namespace
}  // namespace mutual
