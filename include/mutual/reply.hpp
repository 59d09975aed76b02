#pragma once
// reply: how what a handler returns becomes a response.

#include <mutual/problem.hpp>
#include <mutual/response.hpp>
#include <mutual/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace mutual {

/// How a `T` becomes a response. Specialize it for types of your own, with `static response make(T value)`. JSON for
/// described structs, vectors and maps comes with <mutual/json.hpp>.
template <class T>
struct reply;

/// A type that handlers can return beside text, responses, problems, and results, optionals and variants of these.
template <class T>
concept reply_type = requires(T value) {
  { reply<T>::make(std::move(value)) } -> std::same_as<response>;
};

namespace detail {

/// See `to_response`.
response error_response(const error& failure);

template <class T, template <class...> class Template>
inline constexpr bool is_instance_of = false;
template <template <class...> class Template, class... Arguments>
inline constexpr bool is_instance_of<Template<Arguments...>, Template> = true;

template <class>
inline constexpr bool always_false = false;

}  // namespace detail

/// The response that a handler's value means: text is text/plain, a problem is told as such, an empty optional is 404,
/// a failed result is its error's response; see `reply` for the rest.
template <class Value>
response to_response(Value&& value) {
  using type = std::remove_cvref_t<Value>;
  if constexpr (std::is_same_v<type, response>) {
    return std::forward<Value>(value);
  } else if constexpr (std::is_same_v<type, problem>) {
    return value.to_response();
  } else if constexpr (std::is_same_v<type, error>) {
    return detail::error_response(value);
  } else if constexpr (reply_type<type>) {
    return reply<type>::make(std::forward<Value>(value));
  } else if constexpr (std::is_convertible_v<Value, std::string_view>) {
    return response(200, std::string(std::forward<Value>(value)));
  } else if constexpr (detail::is_instance_of<type, std::optional>) {
    if (!value) return problem::not_found().to_response();
    return to_response(*std::forward<Value>(value));
  } else if constexpr (detail::is_instance_of<type, result>) {
    if (!value) return to_response(value.error());
    if constexpr (std::is_same_v<type, result<void>>) {
      return no_content();
    } else {
      return to_response(*std::forward<Value>(value));
    }
  } else if constexpr (detail::is_instance_of<type, std::variant>) {
    return std::visit([](auto&& one) { return to_response(std::forward<decltype(one)>(one)); },
                      std::forward<Value>(value));
  } else {
    static_assert(detail::always_false<type>,
                  "a handler returns text, a response, a problem, nothing, or an optional, result or variant of these; "
                  "for JSON include <mutual/json.hpp> and describe the struct with MUTUAL_JSON; for a type of your own "
                  "specialize mutual::reply");
    return {};
  }
}

}  // namespace mutual
