#include "app/people.hpp"

#include <mutual/middleware.hpp>
#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

namespace mutual {
namespace {

middleware marking(std::string mark, std::vector<std::string>& trace) {
  return [mark, &trace](request& incoming, next inner) -> task<response> {
    trace.push_back("+" + mark);
    task<response> work = inner(incoming);
    response answer = co_await work;
    trace.push_back("-" + mark);
    co_return answer;
  };
}

TEST(middlewares, go_around_the_handler_from_the_apps_to_the_innermost_groups) {
  std::vector<std::string> trace;
  app service;
  auto outer = service.group("/a");
  auto inner = outer.group("/b");
  inner.get("/c", [&] {
    trace.emplace_back("handler");
    return "";
  });
  inner.use(marking("inner", trace));
  outer.use(marking("outer", trace));
  service.use(marking("first", trace)).use(marking("second", trace));
  test_client client(service);
  EXPECT_EQ(client.get("/a/b/c").status, 200);
  EXPECT_EQ(trace, (std::vector<std::string>{"+first", "+second", "+outer", "+inner", "handler", "-inner", "-outer",
                                             "-second", "-first"}));
}

TEST(middlewares, of_the_app_go_around_refusals_too_and_those_of_a_group_do_not) {
  std::vector<std::string> trace;
  app service;
  service.use(marking("app", trace));
  auto admin = service.group("/admin").require(policy::ou("admins")).use(marking("admin", trace));
  admin.get("/", [] { return ""; });
  test_client client(service);
  EXPECT_EQ(client.as(test::bob()).get("/admin/").status, 403);
  EXPECT_EQ(client.get("/nothing").status, 404);
  EXPECT_EQ(trace, (std::vector<std::string>{"+app", "-app", "+app", "-app"}));
}

TEST(middlewares, may_answer_by_themselves) {
  bool called = false;
  app service;
  service.use(before([](request& incoming) -> std::optional<response> {
    if (incoming.headers.contains("X-Stop")) return response(429);
    return std::nullopt;
  }));
  service.get("/", [&] { return called = true, "go"; });
  test_client client(service);
  EXPECT_EQ(client.get("/").body, "go");
  called = false;
  request stopped;
  stopped.headers.set("X-Stop", "1");
  EXPECT_EQ(client.send(stopped).status, 429);
  EXPECT_FALSE(called);
}

TEST(middlewares, see_what_was_thrown_as_a_response_and_may_throw_themselves) {
  std::vector<int> seen;
  app service;
  service.log_to([](std::string_view) {});
  service.use(after([&](const request&, response& answer) { seen.push_back(answer.status); }));
  service.use([](request& incoming, next inner) -> task<response> {
    if (incoming.target == "/plain") throw std::runtime_error("no");
    if (incoming.target == "/problem") throw problem::gone();
    task<response> work = inner(incoming);
    response answer = co_await work;
    co_return answer;
  });
  service.get("/handler", []() -> std::string { throw problem::conflict(); });
  test_client client(service);
  EXPECT_EQ(client.get("/plain").status, 500);
  EXPECT_EQ(client.get("/problem").status, 410);
  EXPECT_EQ(client.get("/handler").status, 409);
  EXPECT_EQ(seen, (std::vector<int>{500, 410, 409}));
}

TEST(middlewares, a_plain_function_that_throws_before_its_task_is_guarded_too) {
  app service;
  service.use([](request&, next) -> task<response> { throw problem::gone(); });
  service.get("/", [] { return ""; });
  test_client client(service);
  EXPECT_EQ(client.get("/").status, 410);
}

TEST(middlewares, request_ids_are_the_clients_if_they_are_harmless_and_else_our_own) {
  app service;
  service.use(request_id());
  service.get("/", [](const request& incoming) { return std::string(incoming.header("X-Request-Id").value_or("")); });
  test_client client(service);
  const auto own = client.get("/");
  EXPECT_EQ(own.body.size(), 32U);
  EXPECT_EQ(own.header("X-Request-Id"), own.body);
  EXPECT_NE(client.get("/").body, own.body);
  request sent;
  sent.headers.set("X-Request-Id", "abc-1.2_3");
  EXPECT_EQ(client.send(sent).header("X-Request-Id"), "abc-1.2_3");
  for (const std::string& bad : {std::string("a b"), std::string(65, 'a'), std::string(), std::string("a\"b")}) {
    sent.headers.set("X-Request-Id", bad);
    EXPECT_EQ(client.send(sent).body.size(), 32U) << bad;
  }
}

TEST(middlewares, security_headers_are_set_where_the_handler_has_not) {
  app service;
  service.use(security_headers());
  service.get("/", [] { return response(200, "x").with("Cache-Control", "max-age=1"); });
  test_client client(service);
  const auto plain = client.get("/");
  EXPECT_EQ(plain.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(plain.header("Cache-Control"), "max-age=1");
  EXPECT_FALSE(plain.header("Strict-Transport-Security"));
  EXPECT_TRUE(client.as(test::alice()).get("/nothing").header("Strict-Transport-Security"));
}

}  // namespace
}  // namespace mutual
