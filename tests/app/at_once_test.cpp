// Answers that nobody has to wait for are given without a task, and are the same.
#include "app/people.hpp"

#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace mutual {
namespace {

class at_once : public testing::Test {
 protected:
  // The answer that needed no task, if there is one.
  std::optional<response> ask(std::string target, const std::string& method = "GET") {
    // Makes the routes final, as run() does.
    const test_client client(service_);
    request asked;
    asked.method = method;
    asked.target = std::move(target);
    noted_ = {};
    return service_.handle_at_once(asked, noted_);
  }

  app service_;
  handling noted_;
};

TEST_F(at_once, a_handler_that_does_not_wait_answers) {
  service_.get("/{name}", [](const std::string& name) { return "Hello, " + name; });
  const auto answer = ask("/alice");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "Hello, alice");
}

TEST_F(at_once, what_a_handler_throws_becomes_a_problem) {
  service_.log_to([](std::string_view) {});
  service_.get("/gone", []() -> std::string { throw problem::gone(); });
  service_.get("/wrong", []() -> std::string { throw std::runtime_error("x"); });
  EXPECT_EQ(ask("/gone").value().status, 410);
  EXPECT_EQ(ask("/wrong").value().status, 500);
  EXPECT_FALSE(noted_.failure.empty());
}

TEST_F(at_once, who_may_not_is_refused_and_it_is_noted) {
  service_.get("/", [](const peer&) { return "secret"; });
  const auto answer = ask("/");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 403);
  EXPECT_EQ(noted_.refused, reason::no_certificate);
  EXPECT_EQ(ask("/nowhere").value().status, 404);
  EXPECT_EQ(ask("/", "DELETE").value().status, 403);
}

TEST_F(at_once, a_body_that_was_not_read_is_not_taken_for_an_empty_one) {
  int calls = 0;
  service_.log_to([](std::string_view) {});
  service_.post("/", [&](const request&) {
    ++calls;
    return "";
  });
  const test_client client(service_);
  request asked;
  asked.method = "POST";
  asked.target = "/";
  asked.body_unread = true;
  const auto answer = service_.handle_at_once(asked, noted_);
  EXPECT_EQ(answer.value().status, 500);
  EXPECT_EQ(calls, 0);
}

TEST_F(at_once, nothing_is_done_if_somebody_may_have_to_wait) {
  int calls = 0;
  service_.get("/later", [&]() -> task<std::string> {
    ++calls;
    co_return "";
  });
  service_.get("/blocks", blocking([&] {
                 ++calls;
                 return "";
               }));
  EXPECT_FALSE(ask("/later"));
  EXPECT_FALSE(ask("/blocks"));
  EXPECT_EQ(calls, 0);
}

TEST_F(at_once, nothing_is_done_before_middleware) {
  int calls = 0;
  service_.use(after([](const request&, response&) {}));
  service_.get("/", [&] {
    ++calls;
    return "";
  });
  EXPECT_FALSE(ask("/"));
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace mutual
