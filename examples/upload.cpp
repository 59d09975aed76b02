// A service that takes forms and files, compresses what it answers, and takes compressed bodies where it says so.
//
//   upload [LISTEN]
#include <mutual/mutual.hpp>

#include <algorithm>
#include <string>

// doc: form
struct note {
  std::string title;
  unsigned stars = 0;
  std::optional<mutual::form_part> photo;
};
MUTUAL_JSON(note, title, stars, photo)
// end: form

int main(int count, char** arguments) {
  mutual::app app;

  // doc: compress
  app.use(mutual::compress());
  app.group("/import").use(mutual::decompress(10'000'000)).post("", [](const mutual::request& asked) {
    return std::to_string(asked.body.size()) + " bytes\n";
  });
  // end: compress

  // doc: decompress stream
  auto load = app.group("/load").use(mutual::decompress(20'000'000'000));
  load.post("",
            [](mutual::body_stream body) -> mutual::task<std::string> {
              std::size_t lines = 0;
              while (auto piece = co_await body.next()) {
                lines += static_cast<std::size_t>(std::count(piece->begin(), piece->end(), '\n'));
              }
              co_return std::to_string(lines) + " lines\n";
            })
      .body_limit(1'000'000'000);
  // end: decompress stream

  // doc: form handler
  app.post("/notes", [](const mutual::form<note>& sent) {
    std::string answer = sent->title + ", " + std::to_string(sent->stars) + " stars";
    if (sent->photo) answer += ", a photo of " + std::to_string(sent->photo->content.size()) + " bytes";
    return answer + "\n";
  });
  // end: form handler

  // doc: multipart reader
  app.post("/sizes", [](const mutual::request& asked) -> mutual::task<std::string> {
    mutual::multipart_reader form(asked);
    std::string answer;
    while (auto part = co_await form.next_part()) {
      std::size_t size = 0;
      while (auto piece = co_await form.next_piece()) size += piece->size();
      answer += part->name + ": " + std::to_string(size) + "\n";
    }
    co_return answer;
  });
  // end: multipart reader

  app.get("/", [] {
    std::string page = "<!doctype html><title>Notes</title><ul>";
    for (int i = 0; i < 200; ++i) page += "<li>note " + std::to_string(i) + "</li>";
    return mutual::response(200, page + "</ul>\n", "text/html; charset=utf-8");
  });
  mutual::run_options how;
  how.listen = count > 1 ? arguments[1] : "127.0.0.1:5000";
  return app.run(how);
}
