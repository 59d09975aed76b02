#pragma once
// form<T>: the body of a form, read as a struct.

#include <mutual/handler.hpp>
#include <mutual/json_codec.hpp>
#include <mutual/multipart.hpp>
#include <mutual/parameter.hpp>
#include <mutual/request.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace mutual {

/// As a handler's parameter: the request's body, application/x-www-form-urlencoded or multipart/form-data, read as a
/// described struct. Members are fields by name: numbers, bool, text and other types of parameters; a `form_part` is a
/// file. `optional` members may be missing, vectors take all of that name; 400 if one is missing, given twice, or not
/// of its type, or is no UTF-8. A file that was not chosen, which browsers send without a name or content, is missing.
/// Fields that the struct does not know are left out. Otherwise as `multipart`: 415, 400, 413 and 403.
///
///     struct order { std::string title; unsigned count = 0; std::optional<mutual::form_part> scan; };
///     MUTUAL_JSON(order, title, count, scan)
///     app.post("/orders", [&](const mutual::form<order>& sent) { return shop.take(sent->title, sent->count); });
template <described_struct T>
class form {
 public:
  explicit form(T inner) : value(std::move(inner)) {}

  const T& operator*() const { return value; }
  const T* operator->() const { return &value; }

  T value;
};

namespace detail {

/// The fields of a form of either kind, in order, without the files that were not chosen.
std::vector<form_part> read_form(request& incoming);

/// UTF-8 without NUL, as what is urlencoded must be.
bool is_form_text(std::string_view value);

[[noreturn]] void throw_bad_form(std::string_view name, std::string_view what, std::string_view expected = {});

template <class T>
T read_form_value(const form_part& part) {
  if constexpr (std::is_same_v<T, form_part>) {
    if (!part.file_name) throw_bad_form(part.name, "is no file");
    return part;
  } else {
    static_assert(parameter_type<T>,
                  "a member of a form is a number, bool, std::string, another type of parameter, a form_part (a file), "
                  "or an optional or vector of these");
    if (part.file_name) throw_bad_form(part.name, "is a file");
    if (!is_form_text(part.content)) throw_bad_form(part.name, "is not", "text in UTF-8");
    auto value = parameter<T>::parse(part.content);
    if (!value) throw_bad_form(part.name, "is not", parameter<T>::expected);
    return *std::move(value);
  }
}

/// The only part of that name, or null.
const form_part* single_part(const std::vector<form_part>& all, std::string_view name);

template <class T>
struct form_member {
  static void read(const std::vector<form_part>& all, std::string_view name, T& into) {
    const auto* part = single_part(all, name);
    if (part == nullptr) throw_bad_form(name, "is missing");
    into = read_form_value<T>(*part);
  }
};
template <class T>
struct form_member<std::optional<T>> {
  static void read(const std::vector<form_part>& all, std::string_view name, std::optional<T>& into) {
    const auto* part = single_part(all, name);
    if (part != nullptr) into = read_form_value<T>(*part);
  }
};
template <class T>
struct form_member<std::vector<T>> {
  static void read(const std::vector<form_part>& all, std::string_view name, std::vector<T>& into) {
    for (const auto& part : all) {
      if (part.name == name) into.push_back(read_form_value<T>(part));
    }
  }
};

}  // namespace detail

template <described_struct T>
struct extractor<form<T>> {
  static form<T> get(request& incoming) {
    T out{};
    const auto all = detail::read_form(incoming);
    detail::for_each_member(detail::described_members<T>{}, [&](std::string_view name, auto member) {
      detail::form_member<std::remove_cvref_t<decltype(out.*member)>>::read(all, name, out.*member);
    });
    return form<T>(std::move(out));
  }
};

}  // namespace mutual
