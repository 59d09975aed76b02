#pragma once
// json_codec: how one type is read from JSON and written as JSON.

#include <mutual/error.hpp>
#include <mutual/json_place.hpp>
#include <mutual/parameter.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>
#include <boost/json/fwd.hpp>

#include <concepts>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Says which members of a struct are in its JSON, in that order. Stands beside the struct, in its namespace:
///
///     struct book { std::string title; int year = 0; std::optional<std::string> isbn; };
///     MUTUAL_JSON(book, title, year, isbn)
#define MUTUAL_JSON(type, ...) BOOST_DESCRIBE_STRUCT(type, (), (__VA_ARGS__))

namespace mutual {

/// How a `T` is read and written. Specialize it for types of your own, with `static bool read(const json_place&, T&)`
/// and `static void write(std::string& out, const T&)`, which appends JSON.
template <class T>
struct json_codec;

/// A type that can be read from JSON and written as JSON: bool, numbers, text, described structs and enumerations, and
/// optionals, vectors and maps (from text) of these; boost::json::value for what is not known beforehand.
template <class T>
concept json_type = requires(const json_place& place, T& value, std::string& out) {
  { json_codec<T>::read(place, value) } -> std::same_as<bool>;
  json_codec<T>::write(out, std::as_const(value));
};

/// A struct that MUTUAL_JSON (or Boost.Describe) describes.
template <class T>
concept described_struct = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;

namespace detail {

template <class T>
inline constexpr bool is_json_container = false;
template <class T>
inline constexpr bool is_json_container<std::vector<T>> = true;
template <class T>
inline constexpr bool is_json_container<std::map<std::string, T>> = true;
template <>
inline constexpr bool is_json_container<boost::json::value> = true;

template <class T>
using described_members =
    boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// Calls `visit(name, pointer to member)` for each described member.
template <template <class...> class List, class... Members, class Visit>
void for_each_member(List<Members...>, Visit&& visit) {
  (visit(std::string_view(Members::name), Members::pointer), ...);
}

}  // namespace detail

/// A type that is JSON by itself, as a handler's body parameter and as its return value.
template <class T>
concept json_document_type = (described_struct<T> || detail::is_json_container<T>)&&json_type<T>;

template <>
struct json_codec<bool> {
  static bool read(const json_place& from, bool& into) { return from.read(into); }
  static void write(std::string& out, bool value) { out += value ? "true" : "false"; }
};

template <>
struct json_codec<std::string> {
  static bool read(const json_place& from, std::string& into) { return from.read(into); }
  static void write(std::string& out, const std::string& value) { detail::write_json_text(out, value); }
};

/// Whole numbers; one that does not fit is an error. Beyond 2^53 not every reader keeps them exact (RFC 7493).
template <detail::number T>
struct json_codec<T> {
  static bool read(const json_place& from, T& into) {
    if constexpr (std::is_signed_v<T>) {
      const auto value = from.read_signed(std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
      if (value) into = static_cast<T>(*value);
      return value.has_value();
    } else {
      const auto value = from.read_unsigned(std::numeric_limits<T>::max());
      if (value) into = static_cast<T>(*value);
      return value.has_value();
    }
  }
  static void write(std::string& out, T value) { out += std::to_string(value); }
};

/// Numbers, finite ones; infinity and NaN, which JSON has not, are written as null.
template <std::floating_point T>
struct json_codec<T> {
  static bool read(const json_place& from, T& into) {
    double value = 0;
    if (!from.read(value)) return false;
    if (value < static_cast<double>(std::numeric_limits<T>::lowest()) ||
        value > static_cast<double>(std::numeric_limits<T>::max())) {
      return from.expected("a number of less size");
    }
    into = static_cast<T>(value);
    return true;
  }
  static void write(std::string& out, T value) { detail::write_json_number(out, static_cast<double>(value)); }
};

/// Null, or a `T`. As a member of a struct it may be missing, and is left out when it is empty.
template <json_type T>
struct json_codec<std::optional<T>> {
  static bool read(const json_place& from, std::optional<T>& into) {
    into.reset();
    if (from.is_null()) return true;
    T value{};
    if (!json_codec<T>::read(from, value)) return false;
    into = std::move(value);
    return true;
  }
  static void write(std::string& out, const std::optional<T>& value) {
    if (value) {
      json_codec<T>::write(out, *value);
    } else {
      out += "null";
    }
  }
};

template <json_type T>
struct json_codec<std::vector<T>> {
  static bool read(const json_place& from, std::vector<T>& into) {
    const auto size = from.array_size();
    if (!size) return false;
    bool good = true;
    into.clear();
    for (std::size_t i = 0; i < *size && !from.reported_enough(); ++i) {
      T value{};
      good = json_codec<T>::read(from.element(i), value) && good;
      // What will not be used is not kept: a body of a megabyte can write half a million structs.
      if (good) into.push_back(std::move(value));
    }
    return good;
  }
  static void write(std::string& out, const std::vector<T>& values) {
    char before = '[';
    for (const auto& value : values) {
      out += std::exchange(before, ',');
      json_codec<T>::write(out, value);
    }
    out += values.empty() ? "[]" : "]";
  }
};

template <json_type T>
struct json_codec<std::map<std::string, T>> {
  static bool read(const json_place& from, std::map<std::string, T>& into) {
    const auto size = from.object_size();
    if (!size) return false;
    bool good = true;
    into.clear();
    for (std::size_t i = 0; i < *size && !from.reported_enough(); ++i) {
      T value{};
      good = json_codec<T>::read(from.member(i), value) && good;
      if (good) into.insert_or_assign(std::string(from.member_name(i)), std::move(value));
    }
    return good;
  }
  static void write(std::string& out, const std::map<std::string, T>& values) {
    char before = '{';
    for (const auto& [name, value] : values) {
      out += std::exchange(before, ',');
      detail::write_json_text(out, name);
      out += ':';
      json_codec<T>::write(out, value);
    }
    out += values.empty() ? "{}" : "}";
  }
};

template <described_struct T>
struct json_codec<T> {
  static bool read(const json_place& from, T& into) {
    if (!from.object_size()) return false;
    bool good = true;
    detail::for_each_member(detail::described_members<T>{}, [&](std::string_view name, auto member) {
      using type = std::remove_cvref_t<decltype(into.*member)>;
      const auto place = from.member(name);
      if (place) {
        good = json_codec<type>::read(*place, into.*member) && good;
      } else if constexpr (!detail::is_optional<type>) {
        good = from.missing(name);
      }
    });
    return good;
  }
  static void write(std::string& out, const T& value) {
    char before = '{';
    detail::for_each_member(detail::described_members<T>{}, [&](std::string_view name, auto member) {
      using type = std::remove_cvref_t<decltype(value.*member)>;
      if constexpr (detail::is_optional<type>) {
        if (!(value.*member)) return;
      }
      out += std::exchange(before, ',');
      detail::write_json_text(out, name);
      out += ':';
      json_codec<type>::write(out, value.*member);
    });
    out += before == '{' ? "{}" : "}";
  }
};

/// An enumeration described with BOOST_DESCRIBE_ENUM, as its enumerator's name.
template <class T>
requires(std::is_enum_v<T>&& boost::describe::has_describe_enumerators<T>::value) struct json_codec<T> {
  static bool read(const json_place& from, T& into) {
    const auto text = from.peek_text();
    bool found = false;
    std::string names;
    for_each([&](std::string_view name, T value) {
      if (text == name) {
        into = value;
        found = true;
      }
      names += (names.empty() ? "one of " : ", ") + std::string(name);
    });
    return found || from.expected(names);
  }
  static void write(std::string& out, T value) {
    std::string_view written;
    for_each([&](std::string_view name, T one) {
      if (one == value) written = name;
    });
    detail::write_json_text(out, written);
  }

 private:
  template <template <class...> class List, class... Enumerators, class Visit>
  static void each(List<Enumerators...>, Visit& visit) {
    (visit(std::string_view(Enumerators::name), Enumerators::value), ...);
  }
  template <class Visit>
  static void for_each(Visit visit) {
    each(boost::describe::describe_enumerators<T>{}, visit);
  }
};

/// Whatever it is. Include <boost/json.hpp> to look into it.
template <>
struct json_codec<boost::json::value> {
  static bool read(const json_place& from, boost::json::value& into);
  static void write(std::string& out, const boost::json::value& value);
};

}  // namespace mutual
