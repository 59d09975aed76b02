#pragma once
// Entity tags: names of one state of a resource (RFC 9110 section 8.8.3).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::http {

/// One entity tag. Views live as long as the text that it was read from.
struct entity_tag {
  bool weak = false;
  std::string_view opaque;  ///< What stands between the quotes.

  bool operator==(const entity_tag&) const = default;
};

/// An entity tag and nothing else ("\"a\"", "W/\"a\""); nothing if it is none.
std::optional<entity_tag> read_entity_tag(std::string_view text);

/// What If-Match and If-None-Match hold: "*", or a list of tags.
struct entity_tag_list {
  bool any = false;
  std::vector<entity_tag> tags;
};

/// The lists of all fields of that name, as one; nothing if it is none, or holds more than 256 tags.
std::optional<entity_tag_list> read_entity_tags(const std::vector<std::string_view>& values);

/// Whether both name the same bytes: neither is weak (RFC 9110 section 8.8.3.2).
bool match_strongly(const entity_tag& left, const entity_tag& right);

/// Whether both name what may stand for each other.
bool match_weakly(const entity_tag& left, const entity_tag& right);

}  // namespace mutual::http
