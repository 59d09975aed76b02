#include "app/router.hpp"

#include <algorithm>

namespace mutual {

std::size_t router::leaf::serving(method verb) const {
  if (get(verb) != none) return get(verb);
  if (verb == method::head && get(method::get) != none) return get(method::get);
  return get(method::any);
}

std::optional<std::size_t> router::add(const pattern& shape, method verb, std::size_t route) {
  node* at = &root_;
  leaf* end = nullptr;
  for (const auto& segment : shape.segments) {
    if (segment.what == pattern_segment::kind::rest) {
      end = &at->rest;
      break;
    }
    const bool literal = segment.what == pattern_segment::kind::literal;
    std::unique_ptr<node>& below = literal ? at->literals[segment.text] : at->parameter;
    if (!below) below = std::make_unique<node>();
    at = below.get();
  }
  if (end == nullptr) end = &at->here;
  std::size_t& place = end->routes[static_cast<std::size_t>(verb)];
  if (place != none) return place;
  place = route;
  return std::nullopt;
}

// Goes through the leaves that match, best first, until `visit` says that it has what it wants. It is as deep as the
// longest pattern at most, and comes to each node once, since a node's depth is fixed.
template <class Visit>
bool router::walk(const node& at, const std::vector<std::string>& segments, std::size_t depth, Visit& visit) {
  if (depth == segments.size()) return visit(at.here);
  const std::string& segment = segments[depth];
  if (const auto literal = at.literals.find(segment); literal != at.literals.end()) {
    if (walk(*literal->second, segments, depth + 1, visit)) return true;
  }
  if (at.parameter && !segment.empty() && walk(*at.parameter, segments, depth + 1, visit)) return true;
  return visit(at.rest);
}

std::optional<std::size_t> router::find(const std::vector<std::string>& segments, method verb) const {
  std::size_t found = none;
  auto visit = [&](const leaf& candidate) { return (found = candidate.serving(verb)) != none; };
  if (!walk(root_, segments, 0, visit)) return std::nullopt;
  return found;
}

std::vector<std::size_t> router::matching(const std::vector<std::string>& segments) const {
  std::vector<std::size_t> out;
  auto visit = [&](const leaf& candidate) {
    std::copy_if(candidate.routes.begin(), candidate.routes.end(), std::back_inserter(out),
                 [](std::size_t route) { return route != none; });
    return false;
  };
  walk(root_, segments, 0, visit);
  return out;
}

}  // namespace mutual
