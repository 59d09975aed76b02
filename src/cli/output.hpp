#pragma once
// What a command prints on standard output. That it got there is known at the end.

#include <mutual/result.hpp>

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace mutual::cli {

/// Puts text on standard output. What fails is remembered for finish_output().
void put(std::string_view text);

template <class... Values>
void print(fmt::format_string<Values...> how, Values&&... values) {
  put(fmt::format(how, std::forward<Values>(values)...));
}

/// Hands over what is still buffered; an error if anything that was put did not get to where standard output leads.
result<> finish_output();

}  // namespace mutual::cli
