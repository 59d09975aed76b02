#pragma once
// method: the HTTP methods that routes are made for.

#include <cstddef>
#include <optional>
#include <string_view>

namespace mutual {

/// A method that a route can serve (RFC 9110 section 9.3, RFC 5789); `any` is all of them.
enum class method { get, head, post, put, patch, del, options, any };
inline constexpr std::size_t method_count = 8;

/// "GET", "DELETE", …; "*" for `any`.
std::string_view to_string(method verb);

/// The method of a request, compared exactly; nothing for one that routes cannot serve (TRACE, CONNECT, unknown ones).
std::optional<method> method_from_string(std::string_view name);

}  // namespace mutual
