#pragma once
// router: which route a path and a method lead to.

#include "app/pattern.hpp"

#include <mutual/method.hpp>
#include <mutual/result.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual {

/// Routes by number, found by path and method. Filled first, then only read: reading is safe from any thread.
///
/// Where several patterns match, the first segment in which they differ decides: a literal goes before a parameter, a
/// parameter before the rest. Only routes that have the method compete. A HEAD is served by a GET's route if it has
/// none of its own, and a route of any method yields to one that names it.
class router {
 public:
  /// Adds the route with that number; the number of the route that it collides with, if one has the same method and the
  /// same shape (parameters' names do not count).
  std::optional<std::size_t> add(const pattern& shape, method verb, std::size_t route);

  /// The route for a path's segments and a method.
  std::optional<std::size_t> find(const std::vector<std::string>& segments, method verb) const;

  /// All routes whose pattern matches, whatever their methods.
  std::vector<std::size_t> matching(const std::vector<std::string>& segments) const;

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  struct leaf {
    std::array<std::size_t, method_count> routes{none, none, none, none, none, none, none, none};
    std::size_t get(method verb) const { return routes[static_cast<std::size_t>(verb)]; }
    std::size_t serving(method verb) const;
  };
  struct node {
    std::map<std::string, std::unique_ptr<node>, std::less<>> literals;
    std::unique_ptr<node> parameter;
    leaf here, rest;
  };

  template <class Visit>
  static bool walk(const node& at, const std::vector<std::string>& segments, std::size_t depth, Visit& visit);

  node root_;
};

}  // namespace mutual
