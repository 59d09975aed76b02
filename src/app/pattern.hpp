#pragma once
// A route's pattern: "/books/{id}", "/files/{path...}".

#include <mutual/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mutual {

struct pattern_segment {
  enum class kind { literal, parameter, rest };
  kind what = kind::literal;
  std::string text;  ///< The literal (decoded), or the parameter's name.

  bool operator==(const pattern_segment&) const = default;
};

struct pattern {
  std::vector<pattern_segment> segments;

  /// How many parameters it has, the rest included.
  std::size_t parameters() const;
};

/// The pattern that `text` writes; an error that says what is wrong with it.
result<pattern> parse_pattern(std::string_view text);

}  // namespace mutual
