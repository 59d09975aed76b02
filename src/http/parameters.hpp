#pragma once
// A word and its parameters, as Content-Type and Content-Disposition have them (RFC 9110 section 5.6.6, RFC 6266).

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mutual::http {

/// "form-data; name=\"a\"": a word and what is said of it.
struct word_with_parameters {
  std::string_view word;  ///< As it stands in the text.
  std::vector<std::pair<std::string_view, std::string>> parameters;

  /// The value of that parameter, whose name is compared without regard to case.
  std::optional<std::string_view> get(std::string_view name) const;
};

/// Reads it; nothing if it is not well-formed, or a parameter is there twice, or there are more than 16. In a quoted
/// value, a backslash stands for itself but before a quote and a backslash: browsers send it so.
std::optional<word_with_parameters> read_parameters(std::string_view text);

}  // namespace mutual::http
