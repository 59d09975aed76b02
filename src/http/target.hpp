#pragma once
// Request targets taken apart, for the router, for files, and for proxies.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::http {

/// The parts of an absolute-form target, as views into it.
struct absolute_target {
  std::string_view scheme;          ///< "http" or "https", in the case it was sent.
  std::string_view authority;       ///< "example.com:8443"; not validated.
  std::string_view path_and_query;  ///< "/a?b"; may be empty or begin with "?".
};

/// The parts of an http or https URL; nothing if it is not one.
std::optional<absolute_target> split_absolute(std::string_view target);

/// The path of a target, still encoded ("*" for OPTIONS *), and what follows its first "?".
struct target_parts {
  std::string_view path;
  std::string_view query;  ///< Without "?"; empty if there is none.
};

/// Splits an origin-form or absolute-form target. Views into `target`, except an absolute-form one's empty path: "/".
target_parts split_target(std::string_view target);

/// A path as the names between its slashes, decoded. "/a/b" is {a, b}; "/a/" is {a, ""}; "/" is {""}. An encoded slash
/// ("%2F") is part of its segment, never a separator.
using path_segments = std::vector<std::string>;

/// The segments of an encoded path; nothing if it is not safe to act on: it does not begin with "/", an escape is
/// broken, a control character is encoded, or a segment is "." or "..", plainly or encoded. (Clients resolve those
/// before they send; what arrives with them wants to be read differently by the policy and by the file system.)
std::optional<path_segments> decode_path(std::string_view path);

/// A relative file name ("css/site.css") out of segments; nothing if a segment is empty (but for the last, which asks
/// for a folder and is kept as a trailing "/"), holds "/", "\" or NUL, or begins with "." (hidden files stay hidden).
/// "" for the root.
std::optional<std::string> to_relative_file(const path_segments& segments);

}  // namespace mutual::http
