// Methods, targets and queries, from any bytes, through an app. Held to: each is answered, by a handler or in words
// that are JSON; none reaches a route whose policy does not admit; none makes a line of the access log into two.

#include "app/access_log.hpp"

#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace fuzzed {

struct page {
  std::optional<unsigned> from;
  std::vector<std::string> tag;
  bool all = false;
};
MUTUAL_JSON(page, from, tag, all)

}  // namespace fuzzed

namespace {

using mutual::policy;

void require(bool holds) {
  if (!holds) std::abort();
}

void add_routes(mutual::app& app) {
  app.log_to([](std::string_view) { std::abort(); });
  app.get("/", [] { return "root"; });
  app.get("/books/{id}", [](int id) { return std::to_string(id); });
  app.get("/books/new", [] { return "new"; });
  app.any("/books/{id}/{page}", [](const std::string&, unsigned char) { return "page"; });
  app.get("/files/{path...}", [](const std::string& path) {
    require(path.find("..") == std::string::npos || ("/" + path + "/").find("/../") == std::string::npos);
    // Joined to a folder's name it stays below that.
    require(!path.starts_with('/') && path.find("//") == std::string::npos);
    return path;
  });
  app.get("/page", [](const mutual::query<fuzzed::page>& asked) { return std::to_string(asked->tag.size()); });
  app.get("/thing/{id}", [](const mutual::uuid& id) { return id.text(); });
  app.group("/admin").require(policy::any_peer()).any("/{rest...}", [](const std::string&) { std::abort(); });
}

}  // namespace

// A method, a space, and a target.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static mutual::app app;
  static mutual::test_client client = (add_routes(app), mutual::test_client(app));

  const auto space = std::min(text.find(' '), text.size());
  mutual::request incoming;
  incoming.method = text.substr(0, space);
  incoming.target = text.substr(std::min(space + 1, text.size()));
  const auto answer = client.send(incoming);
  require(answer.status >= 200 && answer.status < 600 && answer.status != 500);
  if (answer.status >= 400 && incoming.method != "HEAD") require(answer.json().is_object());

  const std::string line = mutual::access_line({incoming, {}, answer.status}, mutual::access_notes(answer.notes));
  require(std::none_of(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
  return 0;
}
