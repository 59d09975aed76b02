// What the guide shows beyond the other examples: an app whose handlers block, wait, and answer in pieces, and a test
// client that calls it without a network. It prints what was answered, and fails if that is not what it should be.
#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

// doc: parameter
struct color {
  int red = 0, green = 0, blue = 0;
};

template <>
struct mutual::parameter<color> {
  static constexpr std::string_view expected = "a color such as 255-0-0";
  static std::optional<color> parse(std::string_view text) {
    const auto first = text.find('-'), last = text.rfind('-');
    if (first == text.npos || first == last) return std::nullopt;
    const auto red = parameter<int>::parse(text.substr(0, first));
    const auto green = parameter<int>::parse(text.substr(first + 1, last - first - 1));
    const auto blue = parameter<int>::parse(text.substr(last + 1));
    if (!red || !green || !blue) return std::nullopt;
    return color{*red, *green, *blue};
  }
};
// end: parameter

namespace {

std::string slow_search(const std::string& word) { return "found " + word + "\n"; }

void add_routes(mutual::app& app) {
  using namespace std::chrono_literals;

  // doc: patterns
  app.get("/colors/{c}", [](const color& c) { return c.red > c.blue ? "warm\n" : "cold\n"; });
  app.get("/files/{path...}", [](const std::string& path) { return "you want " + path + "\n"; });
  app.get(mutual::route<"/sum/{a}/{b}">, [](int a, int b) { return std::to_string(a + b) + "\n"; });
  // end: patterns

  // doc: middleware
  app.use([](mutual::request& incoming, mutual::next inner) -> mutual::task<mutual::response> {
    const auto start = std::chrono::steady_clock::now();
    mutual::response answer = co_await inner(incoming);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    answer.headers.set("Server-Timing", "app;dur=" + std::to_string(took.count()));
    co_return answer;
  });
  // end: middleware

  // doc: blocking
  app.get("/search/{word}", mutual::blocking([](const std::string& word) { return slow_search(word); }));
  // end: blocking

  // doc: coroutine
  app.get("/patient/{word}", [](std::string word) -> mutual::task<std::string> {
    auto search = [&] { return slow_search(word); };
    std::string found = co_await mutual::offload(search);
    co_await mutual::sleep(10ms);
    co_return "after a while: " + found;
  });
  // end: coroutine

  // doc: pieces
  app.get("/count/{n}", [](int n) {
    mutual::response answer(200);
    answer.headers.set("Content-Type", "text/plain; charset=utf-8");
    answer.source = [left = std::make_shared<int>(n)]() -> mutual::task<std::optional<std::string>> {
      if (*left == 0) co_return std::nullopt;
      co_return std::to_string((*left)--) + "\n";
    };
    return answer;
  });
  // end: pieces

  // doc: body stream
  app.put("/blobs/{name}",
          [](std::string name, mutual::body_stream body) -> mutual::task<std::string> {
            std::size_t bytes = 0;
            while (auto piece = co_await body.next()) bytes += piece->size();
            co_return name + " has " + std::to_string(bytes) + " bytes\n";
          })
      .body_limit(4'000'000'000);
  // end: body stream

  // doc: file response
  app.get("/manual", [](const mutual::request& asked) {
    return mutual::file_response(asked, "README.md", {.content_type = {}, .download_as = "mutual.md"});
  });
  // end: file response

  // doc: custom policy
  const auto robots =
      mutual::policy::custom("robots", [](const mutual::peer& who) { return who.name().starts_with("robot-"); });
  app.get("/desk", [] { return "open\n"; }).require(mutual::policy::o("Acme") && !robots);
  // end: custom policy
}

}  // namespace

int main() {
  mutual::app app;
  add_routes(app);
  bool good = true;

  // doc: testing
  mutual::test_client client(app);
  mutual::peer_data data;
  data.common_name = "alice";
  data.organizations = {"Acme"};
  const mutual::peer alice(data);

  const auto expect = [&](const char* target, int status, const std::string& body) {
    const auto answer = client.get(target);
    std::printf("%s: %d %s", target, answer.status, answer.body.c_str());
    good = good && answer.status == status && (body.empty() || answer.body == body);
  };
  expect("/sum/1/2", 200, "3\n");
  expect("/desk", 403, "");
  client.as(alice);
  expect("/desk", 200, "open\n");
  // end: testing

  expect("/colors/255-0-0", 200, "warm\n");
  expect("/colors/red", 404, "");
  expect("/files/a/b", 200, "you want a/b\n");
  expect("/search/dune", 200, "found dune\n");
  expect("/patient/dune", 200, "after a while: found dune\n");
  expect("/count/3", 200, "3\n2\n1\n");
  const auto put = client.put("/blobs/tune", std::string(100'000, 'x'));
  good = good && put.body == "tune has 100000 bytes\n";
  return good ? 0 : 1;
}
