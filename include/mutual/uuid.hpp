#pragma once
// uuid: a UUID as a path parameter.

#include <mutual/parameter.hpp>

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace mutual {

/// A UUID (RFC 9562) in its one text form: 36 characters, lower case.
class uuid {
 public:
  /// The UUID of all zeros.
  uuid() : text_("00000000-0000-0000-0000-000000000000") {}

  /// The UUID that the text writes, in either case; nothing if it writes none.
  static std::optional<uuid> parse(std::string_view text);

  /// A new random one (version 4).
  static uuid random();

  const std::string& text() const { return text_; }
  auto operator<=>(const uuid&) const = default;

 private:
  explicit uuid(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

template <>
struct parameter<uuid> {
  static constexpr std::string_view expected = "a UUID";
  static std::optional<uuid> parse(std::string_view text) { return uuid::parse(text); }
};

}  // namespace mutual
