#include "base/text.hpp"
#include "http/target.hpp"

#include <mutual/request.hpp>

namespace mutual {
namespace {

// The parser lets no broken escape through; in a request made by hand one is taken as it stands.
std::string decoded(std::string_view text) {
  auto value = text::percent_decoded(text, true);
  return value ? std::move(*value) : std::string(text);
}

}  // namespace

std::string_view request::path() const { return http::split_target(target).path; }

std::string_view request::query_string() const { return http::split_target(target).query; }

std::vector<std::pair<std::string, std::string>> request::queries() const {
  std::vector<std::pair<std::string, std::string>> all;
  for (auto rest = query_string(); !rest.empty();) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    all.emplace_back(decoded(pair.substr(0, equals)), decoded(pair.substr(std::min(equals + 1, pair.size()))));
  }
  return all;
}

std::optional<std::string> request::query(std::string_view name) const {
  for (auto& [key, value] : queries()) {
    if (key == name) return std::move(value);
  }
  return std::nullopt;
}

}  // namespace mutual
