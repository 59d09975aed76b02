// A library with an API of JSON: everybody with a certificate reads, staff writes, and who may delete is named.
//
//     curl … https://localhost:5000/books
//     curl … -H 'Content-Type: application/json' -d '{"title":"Dune","year":1965}' https://localhost:5000/books
#include <mutual/mutual.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace {

// doc: structs
struct book {
  std::string title;
  int year = 0;
  std::optional<std::string> isbn;
};
MUTUAL_JSON(book, title, year, isbn)

struct listed {
  int id = 0;
  std::string title;
};
MUTUAL_JSON(listed, id, title)

struct filter {
  std::optional<int> year;
};
MUTUAL_JSON(filter, year)
// end: structs

// Handlers run on several threads at once, so what they share is behind a mutex.
class library {
 public:
  int add(book one) {
    const std::lock_guard lock(mutex_);
    const int id = next_++;
    books_[id] = std::move(one);
    return id;
  }

  std::optional<book> find(int id) const {
    const std::lock_guard lock(mutex_);
    const auto at = books_.find(id);
    return at == books_.end() ? std::nullopt : std::optional(at->second);
  }

  std::vector<listed> list(const filter& by) const {
    const std::lock_guard lock(mutex_);
    std::vector<listed> out;
    for (const auto& [id, one] : books_) {
      if (!by.year || by.year == one.year) out.push_back({id, one.title});
    }
    return out;
  }

  bool replace(int id, book one) {
    const std::lock_guard lock(mutex_);
    const auto at = books_.find(id);
    if (at == books_.end()) return false;
    at->second = std::move(one);
    return true;
  }

  bool erase(int id) {
    const std::lock_guard lock(mutex_);
    return books_.erase(id) > 0;
  }

 private:
  mutable std::mutex mutex_;
  std::map<int, book> books_;
  int next_ = 1;
};

// doc: check
void check(const book& one) {
  if (one.title.empty()) throw mutual::problem::unprocessable("a book has a title");
  if (one.year < 1450) throw mutual::problem::unprocessable("no book was printed before 1450").with("year", one.year);
}
// end: check

}  // namespace

int main(int count, char** arguments) {
  using mutual::policy;
  mutual::app app;
  library books;

  app.use(mutual::request_id()).use(mutual::security_headers());
  app.body_limit(64 * 1024);

  // doc: reading
  app.get("/whoami", [](const mutual::peer& who) { return who.subject() + "\n"; });

  auto shelf = app.group("/books").require(policy::any_peer());
  shelf.get("", [&](const mutual::query<filter>& by) { return books.list(*by); });
  shelf.get("/{id}", [&](int id) { return books.find(id); });
  // end: reading

  // doc: writing
  auto desk = app.group("/books").require(policy::ou("staff") || policy::uri("spiffe://acme/staff/*"));
  desk.post("", [&](book one) {
    check(one);
    return mutual::created("/books/" + std::to_string(books.add(std::move(one))));
  });
  desk.put("/{id}", [&](int id, book one) -> mutual::response {
    check(one);
    if (!books.replace(id, std::move(one))) return mutual::problem::not_found("there is no such book");
    return mutual::no_content();
  });
  // end: writing

  // doc: deleting
  auto admin = app.group("/admin").require(policy::cn("alice") && !policy::ou("interns"));
  admin.del("/books/{id}", [&](int id) {
    if (!books.erase(id)) throw mutual::problem::not_found("there is no such book");
  });
  // end: deleting

  return app.run(
      {.listen = count > 1 ? arguments[1] : "127.0.0.1:5000", .tls = mutual::tls::from_pki("pki"), .name = "books"});
}
