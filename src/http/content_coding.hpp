#pragma once
// Content codings, and which of them a client takes (RFC 9110 sections 8.4.1 and 12.5.3).

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace mutual::http {

enum class coding { identity, gzip, br, zstd };

/// Its name in Content-Encoding: "gzip".
std::string_view to_string(coding which);

/// The coding of that name, without regard to case ("x-gzip" is gzip); nothing for one that we do not have.
std::optional<coding> read_coding(std::string_view name);

/// What Accept-Encoding says.
class accepted_codings {
 public:
  /// Reads all fields of that name, as one list. Without any, and if it is no list of codings with weights from 0 to 1,
  /// nothing but identity is taken.
  static accepted_codings read(const std::vector<std::string_view>& values);

  /// How welcome a coding is: 0 (refused) to 1000.
  int weight(coding which) const;

  /// The best of these; the first of several that are equally welcome; identity only if it is named as more welcome, or
  /// none of these is taken. Nothing if identity is not either.
  std::optional<coding> choose(std::span<const coding> offered) const;

 private:
  std::array<std::optional<int>, 4> named_;
  std::optional<int> others_;  // "*"
};

}  // namespace mutual::http
