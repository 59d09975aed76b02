#include <mutual/method.hpp>

#include <array>

namespace mutual {
namespace {

constexpr std::array<std::string_view, method_count> names{"GET",   "HEAD",   "POST",    "PUT",
                                                           "PATCH", "DELETE", "OPTIONS", "*"};

}  // namespace

std::string_view to_string(method verb) { return names[static_cast<std::size_t>(verb)]; }

std::optional<method> method_from_string(std::string_view name) {
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    if (names[i] == name) return static_cast<method>(i);
  }
  return std::nullopt;
}

}  // namespace mutual
