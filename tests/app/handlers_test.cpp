#include "app/people.hpp"

#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

namespace shapes {

struct point {
  int x = 0, y = 0;
};

struct color {
  std::string name;
};

struct api_key {
  std::string text;
};

}  // namespace shapes

template <>
struct mutual::parameter<shapes::point> {
  static constexpr std::string_view expected = "a point such as 3,4";
  static std::optional<shapes::point> parse(std::string_view text) {
    const auto comma = text.find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    const auto x = parameter<int>::parse(text.substr(0, comma)), y = parameter<int>::parse(text.substr(comma + 1));
    if (!x || !y) return std::nullopt;
    return shapes::point{*x, *y};
  }
};

template <>
struct mutual::reply<shapes::color> {
  static response make(const shapes::color& value) { return response(200, value.name, "text/x-color"); }
};

template <>
struct mutual::extractor<shapes::api_key> {
  static shapes::api_key get(request& incoming) {
    const auto key = incoming.header("X-Api-Key");
    if (!key) throw problem(401, "send X-Api-Key");
    return {std::string(*key)};
  }
};

#include <limits>

namespace mutual {
namespace {

TEST(handlers, return_what_they_mean) {
  app service;
  service.get("/string", [] { return std::string("s"); });
  service.get("/literal", [] { return "l"; });
  service.get("/view", [] { return std::string_view("v"); });
  service.get("/nothing", [] {});
  service.get("/response", [] { return created("/books/1"); });
  service.get("/problem", [] { return problem::conflict("twice"); });
  service.get("/some", []() -> std::optional<std::string> { return "o"; });
  service.get("/none", []() -> std::optional<std::string> { return std::nullopt; });
  service.get("/good", []() -> result<std::string> { return std::string("g"); });
  service.get("/done", []() -> result<> { return {}; });
  service.get("/either", []() -> std::variant<std::string, problem> { return problem::gone(); });
  service.get("/mixed", []() -> response { return problem::gone("was here"); });
  test_client client(service);
  EXPECT_EQ(client.get("/string").body, "s");
  EXPECT_EQ(client.get("/literal").body, "l");
  EXPECT_EQ(client.get("/view").body, "v");
  EXPECT_EQ(client.get("/nothing").status, 204);
  EXPECT_EQ(client.get("/response").header("Location"), "/books/1");
  EXPECT_EQ(client.get("/problem").status, 409);
  EXPECT_EQ(client.get("/some").body, "o");
  EXPECT_EQ(client.get("/none").status, 404);
  EXPECT_EQ(client.get("/good").body, "g");
  EXPECT_EQ(client.get("/done").status, 204);
  EXPECT_EQ(client.get("/either").status, 410);
  EXPECT_EQ(client.get("/mixed").status, 410);
}

TEST(handlers, errors_of_results_have_the_status_that_their_code_means) {
  const std::vector<std::pair<errc, int>> table{
      {errc::bad_usage, 400},      {errc::bad_input, 400}, {errc::not_found, 404}, {errc::already_exists, 409},
      {errc::limit_exceeded, 413}, {errc::io, 500},        {errc::tls, 500},       {errc::protocol, 500},
      {errc::timed_out, 500},      {errc::closed, 500},    {errc::internal, 500}};
  for (const auto& [code, status] : table) {
    app service;
    service.log_to([](std::string_view) {});
    service.get("/", [code = code]() -> result<std::string> { return error(code, "the database at 10.0.0.7"); });
    test_client client(service);
    const auto answer = client.get("/");
    EXPECT_EQ(answer.status, status) << to_string(code);
    EXPECT_EQ(answer.body.find("10.0.0.7") == std::string::npos, status == 500) << to_string(code);
  }
}

TEST(handlers, a_problem_may_be_thrown) {
  app service;
  service.get("/", []() -> std::string {
    throw problem::unprocessable("too old").type("/problems/age").instance("/people/1").with("age", 200);
  });
  test_client client(service);
  const auto answer = client.get("/");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  const auto told = answer.json();
  EXPECT_EQ(told.at("type").as_string(), "/problems/age");
  EXPECT_EQ(told.at("detail").as_string(), "too old");
  EXPECT_EQ(told.at("age").as_int64(), 200);
}

TEST(handlers, whatever_else_is_thrown_is_logged_under_an_id_and_the_client_learns_only_that) {
  std::vector<std::string> log;
  app service;
  service.log_to([&](std::string_view line) { log.emplace_back(line); });
  service.get("/standard", []() -> std::string { throw std::runtime_error("password=sesame\nfake line"); });
  service.get("/odd", []() -> std::string { throw 42; });
  test_client client(service);
  for (const char* target : {"/standard", "/odd"}) {
    log.clear();
    const auto answer = client.as(test::alice()).get(target);
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.body.find("sesame"), std::string::npos);
    const auto told = answer.json();
    const auto id = std::string(told.at("id").as_string());
    EXPECT_EQ(id.size(), 16U);
    EXPECT_EQ(answer.notes.failure, id);
    ASSERT_EQ(log.size(), 1U);
    EXPECT_THAT(log[0],
                testing::AllOf(testing::HasSubstr(id), testing::HasSubstr(target), testing::HasSubstr("alice")));
    EXPECT_EQ(log[0].find('\n'), std::string::npos);
  }
}

TEST(handlers, types_of_ones_own_are_parameters_bodies_and_replies_once_they_say_how) {
  app service;
  service.get("/point/{p}", [](const shapes::point& p) { return std::to_string(p.x + p.y); });
  service.get("/color", [] { return shapes::color{"red"}; });
  service.get("/key", [](shapes::api_key key) { return key.text; });
  test_client client(service);
  EXPECT_EQ(client.get("/point/3,4").body, "7");
  EXPECT_THAT(client.get("/point/3").body, testing::HasSubstr("'3' is not a point such as 3,4"));
  EXPECT_EQ(client.get("/color").header("Content-Type"), "text/x-color");
  EXPECT_EQ(client.get("/key").status, 401);
  request keyed;
  keyed.target = "/key";
  keyed.headers.set("X-Api-Key", "k");
  EXPECT_EQ(client.send(keyed).body, "k");
}

TEST(handlers, parameters_stand_in_any_order_beside_the_request_and_the_peer) {
  app service;
  service.get("/{a}/{b}", [](const peer& who, int a, const request& incoming, maybe_peer again, const std::string& b) {
    return who.name() + std::to_string(a) + b + incoming.method + again->name();
  });
  test_client client(service);
  EXPECT_EQ(client.as(test::bob()).get("/1/x").body, "bob1xGETbob");
}

TEST(handlers, may_be_coroutines) {
  app service;
  service.get("/text/{n}", [](const std::string& n) -> task<std::string> { co_return n + "!"; });
  service.get("/nothing", []() -> task<> { co_return; });
  service.get("/maybe", []() -> task<std::optional<std::string>> { co_return std::nullopt; });
  service.get("/throws", []() -> task<response> {
    throw problem::gone();
    co_return response(200);
  });
  service.get("/peer", [](const peer& who) -> task<std::string> { co_return who.name(); });
  test_client client(service);
  EXPECT_EQ(client.get("/text/a").body, "a!");
  EXPECT_EQ(client.get("/nothing").status, 204);
  EXPECT_EQ(client.get("/maybe").status, 404);
  EXPECT_EQ(client.get("/throws").status, 410);
  EXPECT_EQ(client.get("/peer").status, 403);
  EXPECT_EQ(client.as(test::alice()).get("/peer").body, "alice");
}

TEST(handlers, what_a_coroutine_takes_by_reference_lives_until_its_end) {
  app service;
  service.get("/{text}", [](const std::string& text, request& incoming) -> task<std::string> {
    co_await sleep(std::chrono::milliseconds(1));
    co_return text + incoming.target;
  });
  test_client client(service);
  const std::string longer(100, 'x');
  EXPECT_EQ(client.get("/" + longer).body, longer + "/" + longer);
}

TEST(handlers, a_body_may_come_in_pieces) {
  app service;
  service.get("/three", [] {
    response out;
    out.source = [left = std::make_shared<int>(3)]() -> task<std::optional<std::string>> {
      if (*left == 0) co_return std::nullopt;
      co_return std::to_string((*left)--);
    };
    return out;
  });
  service.get("/cut", [] {
    response out;
    out.source = [first = std::make_shared<bool>(true)]() -> task<std::optional<std::string>> {
      if (!std::exchange(*first, false)) throw std::runtime_error("gone");
      co_return "half";
    };
    return out;
  });
  test_client client(service);
  EXPECT_EQ(client.get("/three").body, "321");
  const auto cut = client.get("/cut");
  EXPECT_EQ(cut.body, "half");
  EXPECT_TRUE(cut.cut_off);
}

TEST(handlers, a_problem_is_printed_with_its_title_and_detail) {
  EXPECT_STREQ(problem::not_found("no such book").what(), "Not Found: no such book");
  EXPECT_EQ(problem(200).status(), 500);
  EXPECT_EQ(problem::not_found("a\"b").with("x", true).with("x", "y").with("status", 1).to_json(),
            "{\"title\":\"Not Found\",\"status\":404,\"detail\":\"a\\\"b\",\"x\":\"y\"}\n");
}

TEST(problems, have_members_of_every_kind_of_number) {
  const std::vector<int> three(3);
  problem told = problem::conflict();
  told.with("size", three.size()).with("short", static_cast<unsigned char>(7)).with("long", -5LL);
  const std::string text = "t";
  told.with("half", 1.5).with("none", std::numeric_limits<float>::infinity()).with("text", text).with("yes", true);
  EXPECT_THAT(told.to_json(), testing::HasSubstr(R"("size":3,"short":7,"long":-5,"half":1.5,"none":null,"text":"t",)"
                                                 R"("yes":true)"));
  EXPECT_THAT(problem::gone().with("n", three.size()).to_json(), testing::HasSubstr("\"n\":3"));
}

}  // namespace
}  // namespace mutual
