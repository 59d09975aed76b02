#include "http/target.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace mutual::http {
namespace {

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

std::optional<absolute_target> split_absolute(std::string_view target) {
  const auto colon = target.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const auto scheme = target.substr(0, colon);
  if (!text::iequals(scheme, "http") && !text::iequals(scheme, "https")) return std::nullopt;
  const auto rest = target.substr(colon + 3);
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  return absolute_target{scheme, rest.substr(0, end), rest.substr(end)};
}

target_parts split_target(std::string_view target) {
  if (!target.starts_with('/')) {
    if (const auto absolute = split_absolute(target)) target = absolute->path_and_query;
  }
  const auto mark = std::min(target.find('?'), target.size());
  const auto path = target.substr(0, mark);
  return {path.empty() ? std::string_view("/") : path, target.substr(std::min(mark + 1, target.size()))};
}

std::optional<path_segments> decode_path(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  path_segments segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    auto segment = text::percent_decoded(path.substr(0, end));
    if (!segment || *segment == "." || *segment == ".." || has_control(*segment)) return std::nullopt;
    segments.push_back(std::move(*segment));
    path.remove_prefix(end);
  }
  return segments;
}

std::optional<std::string> to_relative_file(const path_segments& segments) {
  std::string name;
  for (std::size_t at = 0; at < segments.size(); ++at) {
    const auto& segment = segments[at];
    const bool last = at + 1 == segments.size();
    if (segment.empty() ? !last : segment.front() == '.') return std::nullopt;
    if (segment.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos) return std::nullopt;
    name += segment;
    if (!last) name += '/';
  }
  return name;
}

}  // namespace mutual::http
