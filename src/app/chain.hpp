#pragma once
// Middleware in a row, and what is told when something in it throws.

#include "app/state.hpp"

#include <cstddef>
#include <exception>
#include <functional>
#include <vector>

namespace mutual {

/// The response to whatever a handler or a middleware threw: a problem is told; anything else is logged under an id,
/// and the client is told that id and nothing more.
response failure_response(const detail::app_state& state, const request& incoming, handling& notes,
                          const std::exception_ptr& thrown);

namespace detail {

/// Middleware around something. It is kept still while a request goes through it.
struct chain {
  const app_state& state;
  handling& notes;
  const std::vector<middleware>& around;
  std::function<task<response>(request&)> last;
};

}  // namespace detail
}  // namespace mutual
