#pragma once
// parameter: what a segment of a path is read as.

#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace mutual {

/// How one decoded piece of text, a path parameter or a query parameter, becomes a `T`. Specialize it for types of your
/// own, with `static std::optional<T> parse(std::string_view text)` that gives nothing for text that is no `T`, and
/// `static constexpr std::string_view expected` that says in words what is ("a number").
template <class T>
struct parameter;

/// A type that path and query parameters can be read as.
template <class T>
concept parameter_type = requires(std::string_view text) {
  { parameter<T>::parse(text) } -> std::same_as<std::optional<T>>;
  { parameter<T>::expected } -> std::convertible_to<std::string_view>;
};

namespace detail {

std::optional<long long> parse_signed(std::string_view text, long long least, long long most);
std::optional<unsigned long long> parse_unsigned(std::string_view text, unsigned long long most);
std::optional<double> parse_double(std::string_view text);

template <class T>
concept number = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
                 !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

}  // namespace detail

/// Decimal digits, "-" before them for signed types; nothing else, and no overflow.
template <detail::number T>
struct parameter<T> {
  static constexpr std::string_view expected = "a whole number in range";
  static std::optional<T> parse(std::string_view text) {
    if constexpr (std::is_signed_v<T>) {
      const auto value = detail::parse_signed(text, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
      return value ? std::optional<T>(static_cast<T>(*value)) : std::nullopt;
    } else {
      const auto value = detail::parse_unsigned(text, std::numeric_limits<T>::max());
      return value ? std::optional<T>(static_cast<T>(*value)) : std::nullopt;
    }
  }
};

/// A finite decimal number, with or without a fraction and an exponent.
template <std::floating_point T>
struct parameter<T> {
  static constexpr std::string_view expected = "a number";
  static std::optional<T> parse(std::string_view text) {
    const auto value = detail::parse_double(text);
    const bool fits = value && *value >= static_cast<double>(std::numeric_limits<T>::lowest()) &&
                      *value <= static_cast<double>(std::numeric_limits<T>::max());
    return fits ? std::optional<T>(static_cast<T>(*value)) : std::nullopt;
  }
};

/// "true" or "false".
template <>
struct parameter<bool> {
  static constexpr std::string_view expected = "true or false";
  static std::optional<bool> parse(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
  }
};

/// Any text. An encoded slash has become a slash: do not take it for a file's name unseen.
template <>
struct parameter<std::string> {
  static constexpr std::string_view expected = "text";
  static std::optional<std::string> parse(std::string_view text) { return std::string(text); }
};

}  // namespace mutual
