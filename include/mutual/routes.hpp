#pragma once
// routes: where handlers are put, alone or in groups.

#include <mutual/handler.hpp>
#include <mutual/method.hpp>
#include <mutual/middleware.hpp>
#include <mutual/policy.hpp>
#include <mutual/route.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace mutual {

namespace detail {
struct registry;
}

/// How the files of a folder are served.
struct folder_options {
  /// Where FILE.br, FILE.zst or FILE.gz stands beside FILE and is not older, it is sent in its place, as it is, to
  /// clients that take that coding (Accept-Encoding): the one that they like best, and of several the smallest. It has
  /// an ETag of its own, and ranges are of its bytes.
  bool precompressed = false;
};

/// One route that has been added, for settings of its own. Valid as long as its app.
class endpoint {
 public:
  /// Lets in only whom the policy admits; said twice, both must admit.
  endpoint& require(const policy& rule);

  /// The largest body in bytes that this route takes, instead of the app's limit.
  endpoint& body_limit(std::size_t bytes);

 private:
  friend class routes;
  endpoint(std::shared_ptr<detail::registry> all, std::size_t index) : registry_(std::move(all)), index_(index) {}
  std::shared_ptr<detail::registry> registry_;
  std::size_t index_;
};

/// A place for routes: the whole app, or a group of it below a prefix. What is required of a group, and the middleware
/// that it uses, count for all of its routes and for the groups within it, whether they were added before or after.
/// Copies are the same group.
///
/// A pattern is a path: "/books/{id}" takes one segment that is not empty as a parameter, "/files/{path...}" all that
/// is left, slashes included, which may be nothing. Literals are written unescaped and matched decoded; "/books" and
/// "/books/" are two routes. Parameters go to the handler's by position.
///
/// Adding what cannot be is an error in the program and throws std::logic_error: a bad pattern, as many parameters as
/// the handler does not take, a second route of the same method and shape, or anything at all once the app has started.
class routes {
 public:
  template <class Pattern, class Handler>
  endpoint get(const Pattern& pattern, Handler handler) {
    return on(method::get, pattern, std::move(handler));
  }
  template <class Pattern, class Handler>
  endpoint head(const Pattern& pattern, Handler handler) {
    return on(method::head, pattern, std::move(handler));
  }
  template <class Pattern, class Handler>
  endpoint post(const Pattern& pattern, Handler handler) {
    return on(method::post, pattern, std::move(handler));
  }
  template <class Pattern, class Handler>
  endpoint put(const Pattern& pattern, Handler handler) {
    return on(method::put, pattern, std::move(handler));
  }
  template <class Pattern, class Handler>
  endpoint patch(const Pattern& pattern, Handler handler) {
    return on(method::patch, pattern, std::move(handler));
  }
  template <class Pattern, class Handler>
  endpoint del(const Pattern& pattern, Handler handler) {
    return on(method::del, pattern, std::move(handler));
  }
  template <class Pattern, class Handler>
  endpoint options(const Pattern& pattern, Handler handler) {
    return on(method::options, pattern, std::move(handler));
  }

  /// Every method that routes can have (the seven above); a route of the same pattern that names the method goes before
  /// it. Other methods are 501 everywhere.
  template <class Pattern, class Handler>
  endpoint any(const Pattern& pattern, Handler handler) {
    return on(method::any, pattern, std::move(handler));
  }

  template <class Handler>
  endpoint on(method verb, std::string_view pattern, Handler handler) {
    return add(verb, pattern, detail::bind_handler(std::move(handler)));
  }
  template <detail::fixed_text Pattern, class Handler>
  endpoint on(method verb, const detail::checked_pattern<Pattern>& pattern, Handler handler) {
    auto bound = detail::bind_handler(std::move(handler));
    check_arity<Handler, detail::checked_pattern<Pattern>::parameters>();
    return add(verb, pattern.text, std::move(bound));
  }

  /// Serves the files of a folder below `prefix` ("/static"), for GET and HEAD: regular files only, none that is
  /// hidden, nothing outside of it. A folder is answered with its index.html, or with a list of what is in it.
  /// Conditions and ranges are as in `file_response`; a worker of the app waits for the disk. Throws std::runtime_error
  /// if the folder cannot be read.
  endpoint folder(std::string_view prefix, const std::filesystem::path& directory, const folder_options& how = {});

  /// The group below `prefix` ("/admin", "/users/{id}"), made anew by each call. Its routes' patterns are written after
  /// the prefix; the pattern "" is the prefix itself.
  routes group(std::string_view prefix);

  /// Lets in only whom the policy admits, to all routes here; said twice, both must admit.
  routes& require(const policy& rule);

  /// Puts a middleware around all routes here, within those that are there already. The app's own goes around
  /// everything, the answers to paths that lead nowhere included; a group's is within the policy: it sees no request
  /// that was refused.
  routes& use(middleware around);

  /// The largest body in bytes that the routes here take, where they do not say themselves.
  routes& body_limit(std::size_t bytes);

 protected:
  routes(std::shared_ptr<detail::registry> all, std::size_t group) : registry_(std::move(all)), group_(group) {}

  std::shared_ptr<detail::registry> registry_;

 private:
  template <class Handler, std::size_t Parameters>
  static constexpr void check_arity() {
    static_assert(detail::handler_parameters<Handler> == Parameters,
                  "the handler takes more or fewer path parameters than the pattern has");
  }
  endpoint add(method verb, std::string_view pattern, detail::bound_handler handler);

  std::size_t group_;
};

}  // namespace mutual
