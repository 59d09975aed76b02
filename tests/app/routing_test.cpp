#include "app/people.hpp"

#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

namespace mutual {
namespace {

std::string failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::logic_error& failure) {
    return failure.what();
  }
  return "";
}

TEST(routing, a_handlers_text_is_the_body_as_plain_text) {
  app service;
  service.get("/", [] { return "Hello\n"; });
  test_client client(service);
  const auto answer = client.get("/");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "Hello\n");
  EXPECT_EQ(answer.header("Content-Type"), "text/plain; charset=utf-8");
}

TEST(routing, path_parameters_go_to_the_handler_by_position_and_type) {
  app service;
  service.get("/books/{id}/pages/{page}",
              [](unsigned id, const std::string& page) { return std::to_string(id) + ":" + page; });
  test_client client(service);
  EXPECT_EQ(client.get("/books/7/pages/iv").body, "7:iv");
}

TEST(routing, a_segment_that_is_not_of_the_parameters_type_is_not_found) {
  app service;
  service.get("/small/{n}", [](unsigned char n) { return std::to_string(n); });
  service.get("/signed/{n}", [](int n) { return std::to_string(n); });
  service.get("/flag/{f}", [](bool f) { return f ? "yes" : "no"; });
  service.get("/real/{x}", [](double x) { return std::to_string(x); });
  service.get("/short/{x}", [](float x) { return std::to_string(x); });
  service.get("/thing/{id}", [](const uuid& id) { return id.text(); });
  test_client client(service);
  EXPECT_EQ(client.get("/small/255").body, "255");
  for (const char* bad :
       {"/small/256", "/small/-1", "/small/+1", "/small/1x", "/small/%201", "/small/0x1", "/small/"}) {
    EXPECT_EQ(client.get(bad).status, 404) << bad;
  }
  EXPECT_EQ(client.get("/signed/-12").body, "-12");
  EXPECT_EQ(client.get("/signed/2147483648").status, 404);
  EXPECT_EQ(client.get("/flag/true").body, "yes");
  EXPECT_EQ(client.get("/flag/1").status, 404);
  EXPECT_EQ(client.get("/real/1.5").status, 200);
  EXPECT_EQ(client.get("/short/-1.5").body, "-1.500000");
  EXPECT_EQ(client.get("/short/1e39").status, 404);
  EXPECT_EQ(client.get("/real/inf").status, 404);
  EXPECT_EQ(client.get("/real/1e999").status, 404);
  EXPECT_EQ(client.get("/thing/6F9619FF-8B86-4D01-B42D-00CF4FC964FF").body, "6f9619ff-8b86-4d01-b42d-00cf4fc964ff");
  EXPECT_EQ(client.get("/thing/6F9619FF8B864D01B42D00CF4FC964FF").status, 404);
}

TEST(routing, an_escaped_slash_stays_part_of_its_parameter) {
  app service;
  service.get("/files/{name}", [](const std::string& name) { return name; });
  service.get("/files/{name}/size", [](const std::string&) { return "size"; });
  test_client client(service);
  EXPECT_EQ(client.get("/files/a%2Fsize").body, "a/size");
  EXPECT_EQ(client.get("/files/caf%C3%A9%20au%20lait").body, "caf\u00e9 au lait");
}

TEST(routing, the_rest_of_a_path_may_hold_slashes_and_may_be_nothing) {
  app service;
  service.get("/files/{path...}", [](const std::string& path) { return "<" + path + ">"; });
  test_client client(service);
  EXPECT_EQ(client.get("/files/a/b%20c/d").body, "<a/b c/d>");
  EXPECT_EQ(client.get("/files/").body, "<>");
  EXPECT_EQ(client.get("/files/a/").body, "<a/>");
  EXPECT_EQ(client.get("/files").status, 404);
}

TEST(routing, a_path_that_two_readers_could_take_differently_is_refused) {
  app service;
  service.get("/files/{path...}", [](const std::string& path) { return path; });
  service.get("/one/{name}", [](const std::string& name) { return name; });
  test_client client(service);
  EXPECT_EQ(client.get("/files/a/b/").body, "a/b/");
  for (const char* bad : {"/files//etc/passwd", "/files//", "/files/a//b", "/files/a//", "/files///"}) {
    EXPECT_EQ(client.get(bad).status, 400) << bad;
  }
  for (const char* bad : {"/files/../etc", "/files/%2e%2e/etc", "/files/a/%2E/b", "/files/a%2Fb", "/files/a/b%2Fc",
                          "/one/%00", "/one/%zz", "/one/%4", "/one/..", "files/a"}) {
    EXPECT_EQ(client.get(bad).status, 400) << bad;
  }
}

TEST(routing, a_literal_goes_before_a_parameter_and_that_before_the_rest) {
  app service;
  service.get("/{path...}", [](const std::string&) { return "rest"; });
  service.get("/a/{x}", [](const std::string&) { return "parameter"; });
  service.get("/a/b", [] { return "literal"; });
  service.get("/a/b/d", [] { return "deep literal"; });
  service.get("/a/{x}/c", [](const std::string&) { return "deep parameter"; });
  test_client client(service);
  EXPECT_EQ(client.get("/a/b").body, "literal");
  EXPECT_EQ(client.get("/a/%62").body, "literal");
  EXPECT_EQ(client.get("/a/z").body, "parameter");
  EXPECT_EQ(client.get("/a/b/d").body, "deep literal");
  EXPECT_EQ(client.get("/a/b/c").body, "deep parameter");
  EXPECT_EQ(client.get("/a/b/e").body, "rest");
  EXPECT_EQ(client.get("/").body, "rest");
}

TEST(routing, only_routes_that_have_the_method_compete) {
  app service;
  service.get("/books/new", [] { return "form"; });
  service.any("/books/{id}", [](const std::string& id) { return "any " + id; });
  service.put("/books/{id}", [](const std::string& id) { return "put " + id; });
  test_client client(service);
  EXPECT_EQ(client.get("/books/new").body, "form");
  EXPECT_EQ(client.post("/books/new").body, "any new");
  EXPECT_EQ(client.put("/books/new").body, "put new");
}

TEST(routing, a_path_without_a_route_is_not_found_and_a_missing_slash_is_named) {
  app service;
  service.get("/books", [] { return "books"; });
  service.get("/shelf/", [] { return "shelf"; });
  test_client client(service);
  const auto answer = client.get("/books/");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  EXPECT_THAT(answer.body, testing::HasSubstr("without the slash"));
  EXPECT_THAT(client.get("/shelf").body, testing::HasSubstr("with a slash"));
  EXPECT_THAT(client.get("/other").body, testing::Not(testing::HasSubstr("slash")));
  EXPECT_EQ(client.get("//books").status, 404);
}

TEST(routing, a_missing_slash_is_named_to_those_only_who_may_go_there) {
  app service;
  auto admin = service.group("/admin").require(policy::ou("admins"));
  admin.get("/keys", [] { return "keys"; });
  admin.get("/logs/", [] { return "logs"; });
  test_client client(service);
  for (const char* target : {"/admin/keys/", "/admin/logs"}) {
    EXPECT_THAT(client.as_stranger().get(target).body, testing::Not(testing::HasSubstr("slash"))) << target;
    EXPECT_THAT(client.as(test::bob()).get(target).body, testing::Not(testing::HasSubstr("slash"))) << target;
    EXPECT_THAT(client.as(test::alice()).get(target).body, testing::HasSubstr("slash")) << target;
  }
}

TEST(routing, another_method_is_told_which_ones_there_are) {
  app service;
  service.get("/books/{id}", [](int) { return ""; });
  service.del("/books/{id}", [](int) {});
  test_client client(service);
  const auto answer = client.post("/books/1");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.header("Allow"), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(client.del("/books/1").status, 204);
}

TEST(routing, options_are_answered_with_the_methods_unless_a_route_answers_them) {
  app service;
  service.post("/books", [] { return ""; });
  service.options("/own", [] { return "mine"; });
  test_client client(service);
  const auto answer = client.options("/books");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(client.options("/own").body, "mine");
  EXPECT_EQ(client.options("*").status, 204);
  EXPECT_EQ(client.options("/nothing").status, 404);
}

TEST(routing, a_method_that_no_route_can_have_is_not_implemented) {
  app service;
  service.any("/", [] { return ""; });
  test_client client(service);
  for (const char* verb : {"TRACE", "CONNECT", "get", "BREW"}) {
    request odd;
    odd.method = verb;
    EXPECT_EQ(client.send(odd).status, 501) << verb;
  }
}

TEST(routing, head_is_answered_by_gets_handler_without_its_body) {
  app service;
  service.get("/", [](const request& incoming) { return incoming.method; });
  test_client client(service);
  const auto answer = client.head("/");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
}

TEST(routing, groups_put_their_prefix_before_the_pattern_also_one_within_another) {
  app service;
  auto users = service.group("/users/{user}");
  users.get("", [](const std::string& user) { return user; });
  users.group("/books").get("/{id}", [](const std::string& user, int id) { return user + std::to_string(id); });
  test_client client(service);
  EXPECT_EQ(client.get("/users/ann").body, "ann");
  EXPECT_EQ(client.get("/users/ann/books/3").body, "ann3");
  EXPECT_EQ(client.get("/users/ann/").status, 404);
}

TEST(routing, a_pattern_that_cannot_be_is_an_error_that_says_why) {
  const auto nothing = [] { return ""; };
  for (const char* bad : {"books", "", "/a//b", "/{", "/{}", "/{a-b}", "/x{id}", "/{id}x", "/{rest...}/more", "/a?b",
                          "/a b", "/%41", "/../a", "/."}) {
    app service;
    EXPECT_THAT(failure_of([&] { service.get(bad, nothing); }), testing::HasSubstr("the route pattern")) << bad;
  }
  app service;
  EXPECT_THAT(failure_of([&] { service.get("/{a}/{a}", [](int, int) { return ""; }); }), testing::HasSubstr("twice"));
  EXPECT_THAT(failure_of([&] { service.group("/"); }), testing::HasSubstr("must end with a segment"));
  EXPECT_THAT(failure_of([&] { service.group("/a/"); }), testing::HasSubstr("must end with a segment"));
  EXPECT_THAT(failure_of([&] { service.group("/{a...}"); }), testing::HasSubstr("must end with a segment"));
}

TEST(routing, a_handler_that_takes_another_number_of_parameters_is_an_error) {
  app service;
  EXPECT_EQ(failure_of([&] { service.get("/books/{id}", [] { return ""; }); }),
            "the route GET /books/{id} has 1 parameter, but its handler takes 0");
  EXPECT_EQ(failure_of([&] { service.put("/books", [](int, int) { return ""; }); }),
            "the route PUT /books has 0 parameters, but its handler takes 2");
}

TEST(routing, a_pattern_known_to_the_compiler_is_compared_with_its_handler_by_it) {
  app service;
  service.get(route<"/books/{id}/{rest...}">,
              [](int id, const std::string& rest) { return std::to_string(id) + rest; });
  static_assert(detail::count_parameters("/a/{b}/{c...}") == 2);
  test_client client(service);
  EXPECT_EQ(client.get("/books/1/x/y").body, "1x/y");
}

TEST(routing, two_routes_of_one_shape_and_method_are_an_error_that_names_both) {
  app service;
  service.get("/books/{id}", [](int) { return ""; });
  service.put("/books/{name}", [](const std::string&) { return ""; });
  EXPECT_THAT(failure_of([&] { service.get("/books/{name}", [](const std::string&) { return ""; }); }),
              testing::AllOf(testing::HasSubstr("/books/{name}"), testing::HasSubstr("/books/{id}")));
  service.get("/f/{a...}", [](const std::string&) { return ""; });
  EXPECT_NE(failure_of([&] { service.get("/f/{b...}", [](const std::string&) { return ""; }); }), "");
}

TEST(routing, what_is_added_after_the_start_is_an_error) {
  app service;
  auto admin = service.group("/admin");
  auto route = service.get("/", [] { return ""; });
  service.freeze();
  service.freeze();
  const auto late = testing::HasSubstr("comes too late");
  EXPECT_THAT(failure_of([&] { service.get("/late", [] { return ""; }); }), late);
  EXPECT_THAT(failure_of([&] { admin.get("/late", [] { return ""; }); }), late);
  EXPECT_THAT(failure_of([&] { admin.require(policy::anyone()); }), late);
  EXPECT_THAT(failure_of([&] { admin.use(request_id()); }), late);
  EXPECT_THAT(failure_of([&] { route.require(policy::anyone()); }), late);
  EXPECT_THAT(failure_of([&] { route.body_limit(1); }), late);
  EXPECT_THAT(failure_of([&] { service.group("/late"); }), late);
  EXPECT_THAT(failure_of([&] { service.workers(1); }), late);
}

TEST(routing, functions_and_function_objects_are_handlers_too) {
  struct greeter {
    std::string operator()(const std::string& name) const noexcept { return "hi " + name; }
  };
  app service;
  service.get("/hi/{name}", greeter{});
  service.get(
      "/id/{name}", +[](const std::string& name) { return name; });
  test_client client(service);
  EXPECT_EQ(client.get("/hi/ann").body, "hi ann");
  EXPECT_EQ(client.get("/id/ann").body, "ann");
}

TEST(routing, a_handler_may_own_what_cannot_be_copied) {
  app service;
  service.get("/", [owned = std::make_unique<std::string>("mine")] { return *owned; });
  test_client client(service);
  EXPECT_EQ(client.get("/").body, "mine");
}

TEST(routing, a_body_limit_is_the_routes_else_its_groups_else_the_apps) {
  app service;
  service.body_limit(10);
  service.post("/app", [] { return ""; });
  auto big = service.group("/big").body_limit(20);
  big.post("/group", [] { return ""; });
  big.post("/own", [] { return ""; }).body_limit(30);
  service.freeze();
  const auto limit = [&](const char* target) {
    request head;
    head.method = "POST";
    head.target = target;
    return service.admit(head).body_limit.value_or(0);
  };
  EXPECT_EQ(limit("/app"), 10U);
  EXPECT_EQ(limit("/big/group"), 20U);
  EXPECT_EQ(limit("/big/own"), 30U);
  test_client client(service);
  EXPECT_EQ(client.post("/app", "12345678901").status, 413);
  EXPECT_EQ(client.post("/app", "1234567890").status, 200);
}

TEST(routing, a_request_that_leads_nowhere_or_may_not_is_refused_before_its_body) {
  app service;
  service.post("/", [](const peer&) { return ""; });
  service.freeze();
  request head;
  head.method = "POST";
  EXPECT_FALSE(service.admit(head).wants_body);
  head.target = "/nothing";
  EXPECT_FALSE(service.admit(head).wants_body);
}

}  // namespace
}  // namespace mutual
