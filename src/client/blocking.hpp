#pragma once
// Client work for programs that have nothing else to do meanwhile.

#include "net/loop.hpp"

#include <mutual/task.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace mutual::client {

namespace detail {

template <class T>
task<> keep(net::loop& on, task<T> work, std::optional<T>& value, std::exception_ptr& thrown) {
  try {
    auto got = co_await std::move(work);
    value.emplace(std::move(got));
  } catch (...) {
    thrown = std::current_exception();
  }
  on.stop();  // Not when idle: the timer behind the deadlines would be waited for.
}

}  // namespace detail

/// What the work gives, or throws, having run it to its end on a loop that nobody else runs. Other work on the loop
/// goes no further than that.
template <class T>
T run_to_end(net::loop& on, task<T> work) {
  std::optional<T> value;
  std::exception_ptr thrown;
  on.spawn(detail::keep(on, std::move(work), value, thrown));
  on.run();
  if (thrown) std::rethrow_exception(thrown);
  return std::move(value).value();
}

}  // namespace mutual::client
