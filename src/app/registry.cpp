#include "app/registry.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <stdexcept>

namespace mutual {
namespace {

std::string counted(std::size_t number, std::string_view what) {
  return std::to_string(number) + " " + std::string(what) + (number == 1 ? "" : "s");
}

// What the groups say comes from the outermost to the route itself.
void inherit(served_route& route, const detail::registry& from, std::size_t group) {
  const auto& place = from.groups[group];
  if (place.parent) {
    inherit(route, from, *place.parent);
    route.around.insert(route.around.end(), place.around.begin(), place.around.end());
  }
  if (place.rule) detail::join(route.rule, *place.rule);
  if (place.body_limit) route.body_limit = place.body_limit;
}

// Whether a route, or one of its groups but for the app itself, says who may use it.
bool says_who(const detail::registry& from, const detail::registry::entry& entry) {
  if (entry.rule) return true;
  for (std::size_t at = entry.group; from.groups[at].parent; at = *from.groups[at].parent) {
    if (from.groups[at].rule) return true;
  }
  return false;
}

served_route served(const detail::registry& from, const detail::registry::entry& entry) {
  served_route out = entry.route;
  if (out.handler.needs_peer) detail::join(out.rule, policy::any_peer());
  const auto own_limit = out.body_limit;
  inherit(out, from, entry.group);
  if (entry.rule) detail::join(out.rule, *entry.rule);
  if (own_limit) out.body_limit = own_limit;
  return out;
}

}  // namespace

void detail::join(std::optional<policy>& rule, const policy& further) { rule = rule ? *rule && further : further; }

void detail::registry::check_open(std::string_view what) const {
  if (!frozen) return;
  throw std::logic_error("the app has started, so " + std::string(what) +
                         " comes too late: add routes, groups, policies and middleware before run()");
}

std::size_t detail::registry::add_group(std::size_t parent, std::string_view prefix) {
  check_open("the group " + text::quoted(prefix));
  auto parsed = parse_pattern(prefix);
  if (!parsed) throw std::logic_error("app.group: " + std::move(parsed).error().message());
  const auto segments = std::move(parsed).value().segments;
  if (segments.back().text.empty() || segments.back().what == pattern_segment::kind::rest) {
    throw std::logic_error("app.group: the prefix " + text::quoted(prefix) +
                           " must end with a segment that more can follow, such as \"/admin\"");
  }
  group made;
  made.parent = parent;
  made.prefix = groups[parent].prefix + std::string(prefix);
  groups.push_back(std::move(made));
  return groups.size() - 1;
}

std::size_t detail::registry::add_route(std::size_t place, method verb, std::string_view written,
                                        bound_handler handler) {
  const std::string whole = groups[place].prefix + std::string(written);
  const std::string name = std::string(to_string(verb)) + " " + whole;
  check_open("the route " + name);
  auto parsed = parse_pattern(whole);
  if (!parsed) throw std::logic_error("the route " + name + ": " + std::move(parsed).error().message());
  entry made;
  made.group = place;
  made.shape = *std::move(parsed);
  if (made.shape.parameters() != handler.path_parameters) {
    throw std::logic_error("the route " + name + " has " + counted(made.shape.parameters(), "parameter") +
                           ", but its handler takes " + std::to_string(handler.path_parameters));
  }
  if (const auto other = paths.add(made.shape, verb, entries.size())) {
    throw std::logic_error("the route " + name + " is there already, as " + entries[*other].route.written +
                           ": one method and one shape of path lead to one handler");
  }
  made.route.verb = verb;
  made.route.written = whole;
  made.route.handler = std::move(handler);
  for (std::size_t i = 0; i < made.shape.segments.size(); ++i) {
    const auto what = made.shape.segments[i].what;
    if (what != pattern_segment::kind::literal) made.route.parameters.push_back(i);
    made.route.takes_rest = what == pattern_segment::kind::rest;
  }
  entries.push_back(std::move(made));
  return entries.size() - 1;
}

std::shared_ptr<const route_table> make_table(const detail::registry& from) {
  auto out = std::make_shared<route_table>();
  for (const auto& entry : from.entries) {
    out->routes.push_back(served(from, entry));
    out->paths.add(entry.shape, entry.route.verb, out->routes.size() - 1);
  }
  out->around = from.groups.front().around;
  return out;
}

std::vector<std::string> notes_on(const detail::registry& from) {
  std::vector<std::string> notes;
  for (const auto& entry : from.entries) {
    if (says_who(from, entry)) continue;
    const auto guard = std::find_if(from.groups.begin() + 1, from.groups.end(), [&](const auto& group) {
      return group.rule && entry.route.written.starts_with(group.prefix) &&
             (entry.route.written.size() == group.prefix.size() || entry.route.written[group.prefix.size()] == '/');
    });
    if (guard == from.groups.end()) continue;
    notes.push_back(std::string(to_string(entry.route.verb)) + " " + entry.route.written +
                    " requires nothing of its own, though it lies below " + guard->prefix +
                    ", where another group requires " + to_string(*guard->rule) +
                    ": what a group requires counts for its own routes only; say .require(…) here too "
                    "(policy::anyone() if everybody may)");
  }
  return notes;
}

}  // namespace mutual
