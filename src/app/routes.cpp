#include "app/registry.hpp"
#include "base/text.hpp"

#include <mutual/routes.hpp>

namespace mutual {
namespace {

void join(std::optional<policy>& rule, const policy& further) { rule = rule ? *rule && further : further; }

}  // namespace

endpoint& endpoint::require(const policy& rule) {
  registry_->check_open("a policy");
  join(registry_->entries[index_].rule, rule);
  return *this;
}

endpoint& endpoint::body_limit(std::size_t bytes) {
  registry_->check_open("a body limit");
  registry_->entries[index_].route.body_limit = bytes;
  return *this;
}

routes routes::group(std::string_view prefix) { return {registry_, registry_->add_group(group_, prefix)}; }

routes& routes::require(const policy& rule) {
  registry_->check_open("a policy");
  join(registry_->groups[group_].rule, rule);
  return *this;
}

routes& routes::use(middleware around) {
  registry_->check_open("a middleware");
  registry_->groups[group_].around.push_back(std::move(around));
  return *this;
}

routes& routes::body_limit(std::size_t bytes) {
  registry_->check_open("a body limit");
  registry_->groups[group_].body_limit = bytes;
  return *this;
}

endpoint routes::add(method verb, std::string_view pattern, detail::bound_handler handler) {
  return {registry_, registry_->add_route(group_, verb, pattern, std::move(handler))};
}

}  // namespace mutual
