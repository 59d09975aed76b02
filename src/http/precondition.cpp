#include "http/precondition.hpp"

#include "http/date.hpp"
#include "http/entity_tag.hpp"

#include <algorithm>
#include <optional>

namespace mutual::http {
namespace {

using comparison = bool(const entity_tag&, const entity_tag&);

enum class found { yes, no, unreadable };

found find_tag(const std::vector<std::string_view>& values, const validators& state, comparison matches) {
  const auto wanted = read_entity_tags(values);
  const auto own = read_entity_tag(state.etag);
  if (!wanted) return found::unreadable;
  if (wanted->any) return found::yes;
  const bool any = own && std::any_of(wanted->tags.begin(), wanted->tags.end(),
                                      [&](const auto& each) { return matches(each, *own); });
  return any ? found::yes : found::no;
}

// Of a field that is there twice, no one can say which is meant.
std::optional<sys_seconds> date_of(const request& asked, std::string_view name) {
  const auto values = asked.headers.get_all(name);
  return values.size() == 1 ? from_http_date(values.front()) : std::nullopt;
}

bool is_still_the_clients(const request& asked, const validators& state) {
  if (const auto values = asked.headers.get_all("If-Match"); !values.empty()) {
    return find_tag(values, state, match_strongly) == found::yes;
  }
  const auto since = date_of(asked, "If-Unmodified-Since");
  return !since || state.modified <= *since;
}

}  // namespace

precondition judge_preconditions(const request& asked, const validators& state) {
  const bool reads = asked.method == "GET" || asked.method == "HEAD";
  if (!is_still_the_clients(asked, state)) return precondition::failed;
  if (const auto values = asked.headers.get_all("If-None-Match"); !values.empty()) {
    const auto match = find_tag(values, state, match_weakly);
    if (reads) return match == found::yes ? precondition::not_modified : precondition::holds;
    return match == found::no ? precondition::holds : precondition::failed;
  }
  const auto since = reads ? date_of(asked, "If-Modified-Since") : std::nullopt;
  return since && state.modified <= *since ? precondition::not_modified : precondition::holds;
}

bool range_counts(const request& asked, const validators& state, sys_seconds today) {
  const auto values = asked.headers.get_all("If-Range");
  if (values.empty()) return true;
  if (values.size() > 1) return false;
  if (const auto tag = read_entity_tag(values.front())) {
    const auto own = read_entity_tag(state.etag);
    return own && match_strongly(*tag, *own);
  }
  // Not "no newer than", but the very date, and one that no second change can share (RFC 9110 section 8.8.2.2).
  const auto date = from_http_date(values.front());
  return date && *date == state.modified && state.is_date_its_own && state.modified + std::chrono::seconds(1) < today;
}

}  // namespace mutual::http
