#pragma once
// route: a pattern that the compiler checks against its handler.

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace mutual {

namespace detail {

template <std::size_t Size>
struct fixed_text {
  char text[Size]{};
  constexpr fixed_text(const char (&from)[Size]) { std::copy_n(from, Size, text); }  // Implicit: route<"/x">.
  constexpr std::string_view view() const { return {text, Size - 1}; }
};

/// How many parameters a pattern has; the rest of what patterns must be is checked when the route is added.
constexpr std::size_t count_parameters(std::string_view pattern) {
  return static_cast<std::size_t>(std::count(pattern.begin(), pattern.end(), '{'));
}

template <fixed_text Pattern>
struct checked_pattern {
  static constexpr std::string_view text = Pattern.view();
  static constexpr std::size_t parameters = count_parameters(text);
};

}  // namespace detail

/// A pattern whose number of parameters is compared with the handler's by the compiler:
/// `app.get(route<"/books/{id}">, [](int id) { … })`. A plain string is compared when the route is added.
template <detail::fixed_text Pattern>
inline constexpr detail::checked_pattern<Pattern> route{};

}  // namespace mutual
