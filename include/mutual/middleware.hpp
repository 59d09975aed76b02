#pragma once
// middleware: what happens around a handler.

#include <mutual/request.hpp>
#include <mutual/response.hpp>
#include <mutual/task.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mutual {

namespace detail {
struct chain;
}

/// What comes after a middleware: the middleware within it, and at last the handler. Call it once, at most, and only
/// while the middleware runs. What is thrown further in comes out as a response, so it does not throw.
class next {
 public:
  next(const detail::chain* all, std::size_t position) : chain_(all), position_(position) {}
  task<response> operator()(request& incoming) const;

 private:
  const detail::chain* chain_;
  std::size_t position_;
};

/// Something done around a handler: it may answer by itself, or await `next` and change what comes back. Called from
/// several threads at once; it lives as long as the app, so what a lambda captures stays valid.
///
///     app.use([](mutual::request& incoming, mutual::next inner) -> mutual::task<mutual::response> {
///       mutual::response answer = co_await inner(incoming);
///       answer.headers.set("Server", "books");
///       co_return answer;
///     });
using middleware = std::function<task<response>(request&, next)>;

/// A middleware that only looks at the request: it lets it pass, or answers in the handler's place.
middleware before(std::function<std::optional<response>(request&)> look);

/// A middleware that only changes the response, also when the request was refused.
middleware after(std::function<void(const request&, response&)> change);

/// A middleware that changes the responses of one status: an error page of one's own. Of a problem's response, the body
/// is its JSON.
middleware on_status(int status, std::function<void(const request&, response&)> change);

/// Keeps requests out that a browser sends for another site's page: a browser shows the visitor's certificate whoever
/// wrote the page. A request with Sec-Fetch-Site is let pass if that is "same-origin" or "none" (typed, bookmarked), or
/// if it is a GET or HEAD that navigates; one without it but with Origin, if that names the host and the scheme of the
/// request. Programs send neither, and pass. Others are 403.
middleware same_origin();

/// Gives each request an id: the client's X-Request-Id if it is one word of up to 64 letters, digits, "-", "_" or ".",
/// else one of our own. The handler sees it in the request's X-Request-Id, the client in the response's.
middleware request_id();

/// Adds the fields that make a browser strict with a response, where the handler has not set its own:
/// Content-Security-Policy "default-src 'none'; frame-ancestors 'none'", X-Content-Type-Options, Referrer-Policy,
/// Cache-Control "no-store" and, over TLS, Strict-Transport-Security of a year.
middleware security_headers();

}  // namespace mutual
