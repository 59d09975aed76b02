#pragma once
// What an app's routes are kept in: the registry while they are added, the table once it runs.

#include "app/router.hpp"

#include <mutual/handler.hpp>
#include <mutual/method.hpp>
#include <mutual/middleware.hpp>
#include <mutual/policy.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual {

/// A route as it is served: everything that its groups say about it is in it.
struct served_route {
  method verb = method::get;
  std::string written;                  ///< The whole pattern.
  std::vector<std::size_t> parameters;  ///< The path segments that are its parameters.
  bool takes_rest = false;              ///< The last parameter goes on to the end of the path.
  detail::bound_handler handler;
  std::optional<policy> rule;      ///< Nothing: everyone.
  std::vector<middleware> around;  ///< Outermost first; without the app's.
  std::optional<std::size_t> body_limit;
};

/// The routes of a running app. Never changed.
struct route_table {
  router paths;
  std::vector<served_route> routes;
  std::vector<middleware> around;  ///< The app's, outermost first.
};

namespace detail {

/// Requires `further` beside what was required.
void join(std::optional<policy>& rule, const policy& further);

struct registry {
  struct group {
    std::optional<std::size_t> parent;
    std::string prefix;  ///< With the parents'.
    std::optional<policy> rule;
    std::vector<middleware> around;
    std::optional<std::size_t> body_limit;
  };
  struct entry {
    std::size_t group = 0;  ///< Its number in `groups`.
    pattern shape;
    std::optional<policy> rule;
    served_route route;
  };

  registry() : groups(1) {}

  std::vector<group> groups;  ///< The first is the app itself.
  std::vector<entry> entries;
  router paths;
  bool frozen = false;

  /// Throws std::logic_error once the app has started: `what` says what was tried.
  void check_open(std::string_view what) const;

  std::size_t add_group(std::size_t parent, std::string_view prefix);
  std::size_t add_route(std::size_t place, method verb, std::string_view written, bound_handler handler);
};

}  // namespace detail

/// What whoever runs the app should look at: routes that lie below the prefix of a group that requires something, but
/// are not in it, and say nothing of who may use them. A sentence each.
std::vector<std::string> notes_on(const detail::registry& from);

/// The table of all that was registered.
std::shared_ptr<const route_table> make_table(const detail::registry& from);

}  // namespace mutual
