#pragma once
// handler: any callable, bound to what its parameters and its return type say. Nothing here is called by name; it is
// what app.get(…) is made of.

#include <mutual/body_stream.hpp>
#include <mutual/parameter.hpp>
#include <mutual/peer.hpp>
#include <mutual/reply.hpp>
#include <mutual/request.hpp>
#include <mutual/task.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace mutual {

/// How a handler's parameter is made from the request, for types that stand for a part of it (`json<T>`, `query<T>`).
/// Specialize it for types of your own, with `static T get(request&)`, which throws a `problem` if it cannot.
template <class T>
struct extractor;

template <class T>
concept extractor_type = requires(request& incoming) {
  { extractor<T>::get(incoming) } -> std::same_as<T>;
};

/// A handler that may block: it is called on the app's worker threads, not on those that serve connections. Made by
/// `blocking(…)`.
template <class Handler>
struct blocking_handler {
  Handler handler;
};

/// Says of a handler that it blocks: it reads files, asks a database, computes for long. At most as many run at once as
/// the app has workers, and when too many wait, the client is told 503 with Retry-After.
template <class Handler>
blocking_handler<std::decay_t<Handler>> blocking(Handler&& handler) {
  return {std::forward<Handler>(handler)};
}

namespace detail {

/// What a handler's parameters are made from.
struct call {
  request& incoming;
  const std::vector<std::string>& parameters;  ///< The path's, decoded, in order.
};

/// A handler whose type is forgotten: just one of `now` and `later` is set.
struct bound_handler {
  std::size_t path_parameters = 0;
  bool needs_peer = false;
  bool blocks = false;
  bool streams = false;  ///< It takes the body piece by piece.
  std::function<response(call&)> now;
  std::function<task<response>(call&)> later;
};

[[noreturn]] void throw_bad_parameter(const std::string& text, std::string_view expected);

template <class... Types>
struct type_list {};

template <class Callable>
struct signature : signature<decltype(&Callable::operator())> {};
template <class Result, class... Arguments>
struct signature<Result (*)(Arguments...)> {
  using result_type = Result;
  using arguments = type_list<Arguments...>;
};
template <class Result, class... Arguments>
struct signature<Result (*)(Arguments...) noexcept> : signature<Result (*)(Arguments...)> {};
template <class Class, class Result, class... Arguments>
struct signature<Result (Class::*)(Arguments...) const> : signature<Result (*)(Arguments...)> {};
template <class Class, class Result, class... Arguments>
struct signature<Result (Class::*)(Arguments...) const noexcept> : signature<Result (*)(Arguments...)> {};
template <class Class, class Result, class... Arguments>
struct signature<Result (Class::*)(Arguments...)> {
  static_assert(
      always_false<Class>,
      "a handler cannot be a mutable lambda: several threads call it at once; keep what changes outside, behind "
      "a mutex");
};

template <class Callable>
concept has_signature = std::is_function_v<std::remove_pointer_t<Callable>> || requires {
  &Callable::operator();
};

template <class Argument>
inline constexpr bool is_path_argument = parameter_type<std::remove_cvref_t<Argument>>;

/// How one parameter of a handler is made. `index` is its number among the path's parameters.
template <class Argument>
struct argument {
  using type = std::remove_cvref_t<Argument>;
  static constexpr bool by_value =
      !std::is_lvalue_reference_v<Argument> || std::is_const_v<std::remove_reference_t<Argument>>;

  static type get(call& from, std::size_t index) {
    static_assert(by_value,
                  "a handler takes parameters by value or by const reference, and only the request by reference");
    if constexpr (is_path_argument<Argument>) {
      const std::string& text = from.parameters[index];
      auto value = parameter<type>::parse(text);
      if (!value) throw_bad_parameter(text, parameter<type>::expected);
      return *std::move(value);
    } else if constexpr (extractor_type<type>) {
      return extractor<type>::get(from.incoming);
    } else {
      static_assert(always_false<Argument>,
                    "a handler's parameter is a path parameter (numbers, bool, std::string, uuid), const peer&, "
                    "maybe_peer, request&, body_stream, or, with <mutual/json.hpp>, a described struct, json<T> or "
                    "query<T>; for a "
                    "type of your own specialize mutual::parameter or mutual::extractor");
    }
  }
};

template <>
struct argument<const peer&> {
  using type = const peer&;
  static const peer& get(call& from, std::size_t) { return *from.incoming.who(); }
};
template <>
struct argument<maybe_peer> {
  using type = maybe_peer;
  static maybe_peer get(call& from, std::size_t) { return from.incoming.who(); }
};
template <>
struct argument<const maybe_peer&> : argument<maybe_peer> {};
template <>
struct argument<request&> {
  using type = request&;
  static request& get(call& from, std::size_t) { return from.incoming; }
};
template <>
struct argument<body_stream> {
  using type = body_stream;
  static body_stream get(call& from, std::size_t) { return body_stream(from.incoming); }
};
template <>
struct argument<const request&> {
  using type = const request&;
  static const request& get(call& from, std::size_t) { return from.incoming; }
};

/// The number of path arguments before the one at `position`.
template <class... Arguments>
constexpr std::size_t path_index(std::size_t position) {
  std::size_t at = 0, index = 0;
  ((index += at++ < position && is_path_argument<Arguments> ? 1U : 0U), ...);
  return index;
}

template <class Handler, class List>
struct binder;

template <class Handler, class... Arguments>
struct binder<Handler, type_list<Arguments...>> {
  using result_type = std::invoke_result_t<const Handler&, Arguments...>;
  using values = std::tuple<typename argument<Arguments>::type...>;
  static constexpr bool is_coroutine = is_instance_of<result_type, task>;
  static constexpr bool needs_peer = (std::is_same_v<Arguments, const peer&> || ...);
  static constexpr bool streams = (std::is_same_v<Arguments, body_stream> || ...);
  static constexpr std::size_t path_parameters = path_index<Arguments...>(sizeof...(Arguments));

  // Braces make the parameters in their order.
  template <std::size_t... I>
  static values make([[maybe_unused]] call& from, std::index_sequence<I...>) {
    return values{argument<Arguments>::get(from, path_index<Arguments...>(I))...};
  }

  template <std::size_t... I>
  static result_type invoke(const Handler& handler, [[maybe_unused]] values& with, std::index_sequence<I...>) {
    return std::invoke(handler, static_cast<Arguments&&>(std::get<I>(with))...);
  }

  static response now(const Handler& handler, call& from) {
    constexpr auto all = std::index_sequence_for<Arguments...>{};
    values with = make(from, all);
    if constexpr (std::is_void_v<result_type>) {
      invoke(handler, with, all);
      return no_content();
    } else {
      return to_response(invoke(handler, with, all));
    }
  }

  // The values live in this coroutine, so that a handler may take them by reference and wait.
  static task<response> later(const Handler& handler, call& from) {
    constexpr auto all = std::index_sequence_for<Arguments...>{};
    values with = make(from, all);
    result_type work = invoke(handler, with, all);
    if constexpr (std::is_same_v<result_type, task<void>>) {
      co_await work;
      co_return no_content();
    } else {
      auto value = co_await work;
      co_return to_response(std::move(value));
    }
  }
};

template <class Handler>
using binder_of = binder<Handler, typename signature<Handler>::arguments>;

/// How many path parameters a handler takes.
template <class Handler>
inline constexpr std::size_t handler_parameters = binder_of<Handler>::path_parameters;
template <class Handler>
inline constexpr std::size_t handler_parameters<blocking_handler<Handler>> = handler_parameters<Handler>;

template <class Handler>
bound_handler bind_handler(Handler handler) {
  static_assert(has_signature<Handler>,
                "a handler is a function or an object with one operator() that is no template: write the types of a "
                "lambda's parameters out");
  using bind = binder_of<Handler>;
  bound_handler out;
  out.path_parameters = bind::path_parameters;
  out.needs_peer = bind::needs_peer;
  out.streams = bind::streams;
  static_assert(
      !bind::streams || bind::is_coroutine,
      "a handler that takes a body_stream waits for its pieces: let it return a task<>, or take the body whole");
  auto kept = std::make_shared<const Handler>(std::move(handler));
  if constexpr (bind::is_coroutine) {
    out.later = [kept](call& from) { return bind::later(*kept, from); };
  } else {
    out.now = [kept](call& from) { return bind::now(*kept, from); };
  }
  return out;
}

template <class Handler>
bound_handler bind_handler(blocking_handler<Handler> handler) {
  bound_handler out = bind_handler(std::move(handler.handler));
  static_assert(!binder_of<Handler>::is_coroutine,
                "blocking(…) is for plain functions; a coroutine blocks nobody: co_await offload(…) in it instead");
  out.blocks = true;
  return out;
}

}  // namespace detail
}  // namespace mutual
