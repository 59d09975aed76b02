#include "app/locate.hpp"

#include "base/text.hpp"
#include "http/target.hpp"

#include <algorithm>
#include <array>

namespace mutual {
namespace {

located answered(response with) {
  located out;
  out.answer = std::move(with);
  return out;
}

// 403, not 401: a 401 must name a scheme to log in with (RFC 9110 section 15.5.2), and the login here is TLS.
response refusal(const request& incoming, const std::optional<policy>& rule, handling& notes) {
  const maybe_peer who = incoming.who();
  notes.refused = who ? reason::policy_denied : reason::no_certificate;
  if (rule) notes.denied_by = to_string(*rule);
  return problem::refused(*notes.refused, who ? "the certificate of " + text::quoted(who->name()) +
                                                    " is good, but its bearer may not do this"
                                              : std::string("this needs a client certificate, and none was sent"))
      .to_response();
}

bool admits(const served_route& route, const request& incoming) {
  const maybe_peer who = incoming.who();
  return !route.rule || route.rule->admits(who ? &*who : nullptr);
}

// The value of Allow: the methods of the routes, HEAD where there is GET, and OPTIONS, which is answered for all.
std::string allow_of(const route_table& table, const std::vector<std::size_t>& routes) {
  std::array<bool, method_count> has{};
  const auto mark = [&](method verb) { has[static_cast<std::size_t>(verb)] = true; };
  for (const std::size_t index : routes) mark(table.routes[index].verb);
  if (has[static_cast<std::size_t>(method::any)]) has.fill(true);
  if (has[static_cast<std::size_t>(method::get)]) mark(method::head);
  mark(method::options);
  std::string out;
  for (std::size_t i = 0; i + 1 < has.size(); ++i) {
    if (!has[i]) continue;
    if (!out.empty()) out += ", ";
    out += to_string(static_cast<method>(i));
  }
  return out;
}

bool may_use_one(const route_table& table, const std::vector<std::size_t>& routes, const request& incoming) {
  return std::any_of(routes.begin(), routes.end(),
                     [&](std::size_t index) { return admits(table.routes[index], incoming); });
}

// A path that is one slash away from a route is the likeliest mistake, so it is named: to those who may go there.
response no_such_path(const route_table& table, std::vector<std::string> segments, const request& incoming) {
  std::string detail = "nothing is at this path";
  const bool has_slash = segments.size() > 1 && segments.back().empty();
  if (has_slash) {
    segments.pop_back();
  } else {
    segments.emplace_back();
  }
  if (may_use_one(table, table.paths.matching(segments), incoming)) {
    detail += has_slash ? "; without the slash at its end there is" : "; with a slash at its end there is";
  }
  return problem::not_found(std::move(detail)).to_response();
}

// The path has routes, but none of this method. Which ones it has is told to those only who may use one of them.
response other_methods(const route_table& table, const std::vector<std::size_t>& routes, const request& incoming,
                       method verb, handling& notes) {
  if (!may_use_one(table, routes, incoming)) return refusal(incoming, table.routes[routes.front()].rule, notes);
  const std::string allow = allow_of(table, routes);
  if (verb == method::options) return response(204).with("Allow", allow);
  return problem(405, "this path takes " + allow).header("Allow", allow).to_response();
}

located bad_path() {
  return answered(problem::bad_request(
                      "the path is not one that all readers take the same way: it has a broken escape, "
                      "a control character, a \".\" or \"..\" segment, or, where slashes count, an escaped slash or "
                      "two in a row")
                      .to_response());
}

// The parameters in the path's segments. In a rest, an escaped slash could not be told from a real one, and with an
// empty segment it could be taken for an absolute path ("/etc/passwd"), which replaces whatever it is joined to.
std::optional<std::vector<std::string>> parameters_of(const served_route& route, std::vector<std::string>& segments) {
  std::vector<std::string> out;
  out.reserve(route.parameters.size());
  for (const std::size_t at : route.parameters) out.push_back(std::move(segments[at]));
  if (!route.takes_rest) return out;
  std::string& rest = out.back();
  const std::size_t first = route.parameters.back();
  if (rest.find('/') != std::string::npos || (rest.empty() && first + 1 < segments.size())) return std::nullopt;
  for (std::size_t at = first + 1; at < segments.size(); ++at) {
    if (segments[at].find('/') != std::string::npos) return std::nullopt;
    if (segments[at].empty() && at + 1 < segments.size()) return std::nullopt;
    rest += '/';
    rest += segments[at];
  }
  return out;
}

}  // namespace

located locate(const route_table& table, const request& incoming, handling& notes) {
  const auto verb = method_from_string(incoming.method);
  if (!verb) return answered(problem::not_implemented("this service does not know the method").to_response());
  if (incoming.target == "*" && *verb == method::options) return answered(no_content());
  auto segments = http::decode_path(incoming.path());
  if (!segments) return bad_path();
  const auto found = table.paths.find(*segments, *verb);
  if (!found) {
    const auto others = table.paths.matching(*segments);
    if (others.empty()) return answered(no_such_path(table, std::move(*segments), incoming));
    return answered(other_methods(table, others, incoming, *verb, notes));
  }
  const served_route& route = table.routes[*found];
  if (!admits(route, incoming)) return answered(refusal(incoming, route.rule, notes));
  auto parameters = parameters_of(route, *segments);
  if (!parameters) return bad_path();
  located out;
  out.route = &route;
  out.parameters = *std::move(parameters);
  return out;
}

}  // namespace mutual
