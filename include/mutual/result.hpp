#pragma once
// result<T>: a value, or the error that stood in its way.

#include <mutual/error.hpp>

#include <cassert>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace mutual {

/// A `T`, or an `error`. Test it like a pointer; reading the wrong side is a programming error (asserted).
template <class T = void>
class [[nodiscard]] result {
 public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}                  // a value is a result
  result(mutual::error failure) : state_(std::in_place_index<1>, std::move(failure)) {}  // an error is a result
  template <class U>
  requires(std::is_convertible_v<U&&, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
           !std::is_same_v<std::remove_cvref_t<U>, mutual::error> && !std::is_same_v<std::remove_cvref_t<U>, result>)
      result(U&& value)
      : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // as above

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return assert(has_value()), *std::get_if<0>(&state_); }
  const T& value() const& { return assert(has_value()), *std::get_if<0>(&state_); }
  T&& value() && { return assert(has_value()), std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  mutual::error& error() & { return assert(!has_value()), *std::get_if<1>(&state_); }
  const mutual::error& error() const& { return assert(!has_value()), *std::get_if<1>(&state_); }
  mutual::error&& error() && { return assert(!has_value()), std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, mutual::error> state_;
};

/// Done, or the error that stood in the way.
template <>
class [[nodiscard]] result<void> {
 public:
  result() = default;
  result(mutual::error failure) : failure_(std::move(failure)) {}  // an error is a result

  bool has_value() const { return !failure_; }
  explicit operator bool() const { return has_value(); }
  mutual::error& error() & { return assert(failure_), *failure_; }
  const mutual::error& error() const& { return assert(failure_), *failure_; }
  mutual::error&& error() && { return assert(failure_), std::move(*failure_); }

 private:
  std::optional<mutual::error> failure_;
};

}  // namespace mutual

/// Gives the value of a result to `variable`, or returns its error from the enclosing function.
/// Not for coroutines: name the result there and test it (g++ 12 miscompiles some temporaries around co_await).
#define MUTUAL_TRY(variable, expression) MUTUAL_TRY_AT(variable, expression, __LINE__)
#define MUTUAL_TRY_AT(variable, expression, line) MUTUAL_TRY_NAMED(variable, expression, line)
#define MUTUAL_TRY_NAMED(variable, expression, line)                   \
  auto mutual_try_##line = (expression);                               \
  if (!mutual_try_##line) return std::move(mutual_try_##line).error(); \
  variable = *std::move(mutual_try_##line)

/// Returns a failed result<void>'s error from the enclosing function.
#define MUTUAL_CHECK(expression) \
  if (auto mutual_checked = (expression); !mutual_checked) return std::move(mutual_checked).error()
