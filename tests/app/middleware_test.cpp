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

TEST(middlewares, that_lead_a_request_elsewhere_lead_no_unread_body_to_a_handler) {
  app service;
  service.log_to([](std::string_view) {});
  service.use(before([](request& incoming) -> std::optional<response> {
    if (incoming.target.starts_with("/v1")) incoming.target.erase(0, 3);
    return std::nullopt;
  }));
  int called = 0;
  service.post("/books", [&](const request& incoming) { return ++called, incoming.body; });
  service.get("/books", [&] { return ++called, "all"; });
  test_client client(service);
  EXPECT_EQ(client.post("/v1/books", "0123456789").status, 500) << "by its own target it would have been refused";
  EXPECT_EQ(called, 0);
  EXPECT_EQ(client.get("/v1/books").body, "all") << "without a body nothing is missing";
  EXPECT_EQ(client.post("/books", "0123456789").body, "0123456789");
  EXPECT_EQ(called, 2);
}

TEST(middlewares, that_lead_a_request_elsewhere_keep_the_limit_of_where_it_goes) {
  app service;
  service.use(before([](request& incoming) -> std::optional<response> {
    if (incoming.target == "/large") incoming.target = "/small";
    return std::nullopt;
  }));
  service.post("/large", [] { return "large"; });
  service.post("/small", [] { return "small"; }).body_limit(4);
  test_client client(service);
  EXPECT_EQ(client.post("/large", "1234").body, "small");
  EXPECT_EQ(client.post("/large", "12345").status, 413);
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

TEST(middlewares, change_the_responses_of_one_status) {
  app service;
  service.use(on_status(404, [](const request& incoming, response& answer) {
    answer.body = "no " + incoming.target;
    answer.headers.set("Content-Type", "text/plain");
  }));
  service.get("/", [] { return "here"; });
  test_client client(service);
  EXPECT_EQ(client.get("/").body, "here");
  EXPECT_EQ(client.get("/other").body, "no /other");
  EXPECT_EQ(client.get("/other").status, 404);
}

TEST(middlewares, same_origin_keeps_out_what_a_browser_sends_for_another_sites_page) {
  app service;
  service.use(same_origin());
  service.any("/", [] { return "in"; });
  test_client client(service);
  const auto status = [&](std::string method, std::vector<std::pair<std::string, std::string>> fields) {
    request sent;
    sent.method = std::move(method);
    sent.headers.add("Host", "books.example:5000");
    for (const auto& [name, value] : fields) sent.headers.add(name, value);
    return client.send(sent).status;
  };
  EXPECT_EQ(status("POST", {}), 200) << "a program";
  EXPECT_EQ(status("POST", {{"Sec-Fetch-Site", "same-origin"}, {"Origin", "http://books.example:5000"}}), 200);
  EXPECT_EQ(status("GET", {{"Sec-Fetch-Site", "none"}}), 200) << "typed into the address bar";
  EXPECT_EQ(status("POST", {{"Origin", "http://books.example:5000"}}), 200) << "an older browser";
  EXPECT_EQ(
      status("GET", {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "document"}}),
      200)
      << "a link";
  for (const char* site : {"cross-site", "same-site", "", "anything"}) {
    EXPECT_EQ(status("POST", {{"Sec-Fetch-Site", site}}), 403) << site;
    EXPECT_EQ(status("GET", {{"Sec-Fetch-Site", site}}), 403) << site;
    EXPECT_EQ(
        status("POST", {{"Sec-Fetch-Site", site}, {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "document"}}), 403)
        << "a form";
    EXPECT_EQ(status("GET", {{"Sec-Fetch-Site", site}, {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "iframe"}}),
              403)
        << "a frame";
  }
  for (const char* origin : {"http://evil.example", "https://books.example:5000", "http://books.example", "null", ""}) {
    EXPECT_EQ(status("POST", {{"Origin", origin}}), 403) << origin;
  }
  EXPECT_EQ(status("POST", {{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "cross-site"}}), 403);
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
