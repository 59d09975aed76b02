#pragma once
// query<T>: the query of a request, read as a struct.

#include <mutual/handler.hpp>
#include <mutual/json_codec.hpp>
#include <mutual/parameter.hpp>
#include <mutual/request.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace mutual {

/// As a handler's parameter: the request's query read as a described struct. Members are parameters by name, `optional`
/// ones may be missing, vectors take all of that name; 400 if one is missing, given twice, or not of its type.
/// Parameters that the struct does not know are left out.
///
///     struct page { std::optional<unsigned> from, count; };
///     MUTUAL_JSON(page, from, count)
///     app.get("/books", [&](const mutual::query<page>& q) { return lib.list(q->from.value_or(0), …); });
template <described_struct T>
class query {
 public:
  explicit query(T inner) : value(std::move(inner)) {}

  const T& operator*() const { return value; }
  const T* operator->() const { return &value; }

  T value;
};

namespace detail {

using query_list = std::vector<std::pair<std::string, std::string>>;

/// The values that have that name.
std::vector<std::string_view> query_values(const query_list& all, std::string_view name);

[[noreturn]] void throw_bad_query(std::string_view name, std::string_view what, std::string_view expected = {});

template <class T>
T read_query_value(std::string_view name, std::string_view text) {
  static_assert(parameter_type<T>,
                "a member of a query is a number, bool, std::string, or another type of parameter, or "
                "an optional or vector of these");
  auto value = parameter<T>::parse(text);
  if (!value) throw_bad_query(name, "is not", parameter<T>::expected);
  return *std::move(value);
}

template <class T>
struct query_member {
  static void read(const query_list& all, std::string_view name, T& into) {
    const auto values = query_values(all, name);
    if (values.empty()) throw_bad_query(name, "is missing");
    if (values.size() > 1) throw_bad_query(name, "is there more than once");
    into = read_query_value<T>(name, values.front());
  }
};
template <class T>
struct query_member<std::optional<T>> {
  static void read(const query_list& all, std::string_view name, std::optional<T>& into) {
    const auto values = query_values(all, name);
    if (values.size() > 1) throw_bad_query(name, "is there more than once");
    into.reset();
    if (!values.empty()) into = read_query_value<T>(name, values.front());
  }
};
template <class T>
struct query_member<std::vector<T>> {
  static void read(const query_list& all, std::string_view name, std::vector<T>& into) {
    into.clear();
    for (const auto value : query_values(all, name)) into.push_back(read_query_value<T>(name, value));
  }
};

}  // namespace detail

template <described_struct T>
struct extractor<query<T>> {
  static query<T> get(request& incoming) {
    T out{};
    const auto all = incoming.queries();
    detail::for_each_member(detail::described_members<T>{}, [&](std::string_view name, auto member) {
      detail::query_member<std::remove_cvref_t<decltype(out.*member)>>::read(all, name, out.*member);
    });
    return query<T>(std::move(out));
  }
};

}  // namespace mutual
